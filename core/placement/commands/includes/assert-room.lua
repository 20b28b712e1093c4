--- @include "room-parts"

local function isAlive(nodeId, now)
  local lease = call('ZSCORE', LEASES, nodeId)
  return lease and tonumber(lease) > now
end

-- The room has another home than the record says. Its further nodes stay, as far as they live; the home of the record
-- leaves, unless it is the node that says so.
local function replaceHome(roomId, list, newHome, room, reporter, now)
  local kept = { newHome }
  for i = 1, #list do
    local nodeId = list[i]
    if nodeId ~= newHome then
      if nodeId == reporter or (i > 1 and isAlive(nodeId, now)) then
        kept[#kept + 1] = nodeId
      else
        dropPart(nodeId, roomId)
        moveClaims(nodeId, roomId)
      end
      askForFullList(nodeId)
    end
  end
  if newHome ~= reporter and not placeIn(kept, reporter) then kept[#kept + 1] = reporter end
  call('HDEL', PARTS, newHome .. '\0' .. roomId)
  call('ZADD', ROOM_INDEX, '0', newHome .. '\0' .. roomId)
  moveClaims(newHome, roomId, room[R_EPOCH])
  local nodes = table.concat(kept, '\n')
  writeRoom(roomId, room, nodes)
  return nodes
end

-- What a node named as home holds, as far as its part says; else it must say so itself.
local function namedHome(roomId, named, epoch)
  local room = readPart(named, roomId) or { 0, 0, 0, 0, 0, 0, 0, 0, NAMED }
  room[R_EPOCH] = epoch
  askForFullList(named)
  return room
end

--[[
  Takes a node's report of a room into the index: `holds`, with the epoch that it knows, and the home that it knows of.
  The higher epoch says who is home, ties among strangers go by node id; a node that knows of another home, or that the
  record has as a further node, never becomes home beside a living one.
  Gives the home, the node ids and the epoch as recorded now; without node ids when the node has no part of that room.
]]
local function assertRoom(nodeId, roomId, holds, named, now, nowUs)
  local rawRoom = call('HGET', ROOMS, roomId)
  local epoch = holds[R_EPOCH]
  -- Nearly all rooms.
  if (not rawRoom or roomNodes(rawRoom) == nodeId) and named == nodeId then
    if rawRoom then holds[R_EPOCH] = math.max(epoch, unpackRoom(rawRoom)[R_EPOCH]) end
    writeRoom(roomId, holds, nodeId)
    call('ZADD', ROOM_INDEX, '0', nodeId .. '\0' .. roomId)
    return nodeId, nodeId, holds[R_EPOCH]
  end
  if not rawRoom then
    writePart(nodeId, roomId, holds)
    return named, replaceHome(roomId, {}, named, namedHome(roomId, named, epoch), nodeId, now), epoch
  end

  local recorded, list = unpackRoom(rawRoom), splitNodes(roomNodes(rawRoom))
  local home, place, recordedEpoch = list[1], placeIn(list, nodeId), recorded[R_EPOCH]
  if named ~= home and (epoch > recordedEpoch or (not place and epoch == recordedEpoch and named > home)) then
    local room = holds
    if named ~= nodeId then
      room = namedHome(roomId, named, epoch)
      writePart(nodeId, roomId, holds)
    end
    return named, replaceHome(roomId, list, named, room, nodeId, now), epoch
  end
  if place == 1 then
    holds[R_EPOCH] = math.max(epoch, recordedEpoch)
    writeRoom(roomId, holds, roomNodes(rawRoom))
    call('ZADD', ROOM_INDEX, '0', nodeId .. '\0' .. roomId)
    return home, roomNodes(rawRoom), holds[R_EPOCH]
  end
  if place or named == home then
    if not place then list[#list + 1] = nodeId end
    local part = readPart(nodeId, roomId)
    if part then holds[R_EPOCH] = part[R_EPOCH] end
    writePart(nodeId, roomId, holds)
    recorded[R_EPOCH] = math.max(epoch, recordedEpoch)
    local nodes = table.concat(list, '\n')
    if not place or epoch > recordedEpoch then writeRoom(roomId, recorded, nodes) end
    return home, nodes, recorded[R_EPOCH]
  end
  if named == nodeId then
    local survives = false
    for i = 1, #list do survives = survives or isAlive(list[i], now) end
    if not survives then
      holds[R_EPOCH] = math.max(recordedEpoch + 1, nowUs)
      return nodeId, replaceHome(roomId, list, nodeId, holds, nodeId, now), holds[R_EPOCH]
    end
  end
  return home, nil, recordedEpoch
end
