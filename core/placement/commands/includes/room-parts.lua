--- @include "room-record"
--- @include "node-record"
--- @include "claims"
--- @include "events"

-- Rooms on several nodes: who has a part, and how a room goes on when one of its nodes leaves.

local function splitNodes(nodes)
  local list = {}
  for nodeId in string.gmatch(nodes, '[^\n]+') do list[#list + 1] = nodeId end
  return list
end

local function placeIn(list, nodeId)
  for i = 1, #list do
    if list[i] == nodeId then return i end
  end
end

local function writePart(nodeId, roomId, part)
  call('HSET', PARTS, nodeId .. '\0' .. roomId, struct.pack(ROOM_FORMAT, unpack(part)))
  call('ZADD', ROOM_INDEX, '0', nodeId .. '\0' .. roomId)
end

local function readPart(nodeId, roomId)
  local raw = call('HGET', PARTS, nodeId .. '\0' .. roomId)
  return raw and unpackRoom(raw)
end

local function dropPart(nodeId, roomId)
  call('HDEL', PARTS, nodeId .. '\0' .. roomId)
  call('ZREM', ROOM_INDEX, nodeId .. '\0' .. roomId)
end

-- The node lists its rooms with its next heartbeat, and so learns what has become of them.
local function askForFullList(nodeId)
  local raw = call('HGET', NODES, nodeId)
  if not raw then return end
  local node = unpackNode(raw)
  node[ASSERTED] = 0
  writeNodeTail(nodeId, raw, node)
end

-- The first node after the home that lives and is not drained, rather not one that moves its peers away. `suspect` is one
-- that somebody has evidence against.
local function nextHomeOf(list, now, suspect)
  local leaving
  for i = 2, #list do
    local raw = list[i] ~= suspect and call('HGET', NODES, list[i])
    if raw then
      local lease, state, ready = struct.unpack('<ddd', raw)
      if lease > now and state < 3 then
        if ready ~= MOVING then return list[i] end
        leaving = leaving or list[i]
      end
    end
  end
  return leaving
end

-- The node's claims for the room go on with this epoch; without one they end, since the room no longer is there.
local function moveClaims(nodeId, roomId, epoch)
  local at = #nodeId + 2 + CLAIM_BYTES
  for _, member in ipairs(call('ZRANGEBYLEX', CLAIMS, '[' .. nodeId .. '\0', '(' .. nodeId .. '\1')) do
    if string.sub(member, at) == roomId then
      call('ZREM', CLAIMS, member)
      if epoch then
        local claim = unpackClaim(nodeId, member)
        writeClaim(nodeId, claim.seq, claim.at, epoch, claim.egress, claim.packets, claim.publishes,
          claim.subscribes, claim.rooms, roomId)
      end
    end
  end
end

-- The home leaves the room, and `nextHome` takes its place with what it holds.
local function promote(roomId, rawRoom, list, nextHome, now, nowUs)
  local home = list[1]
  local room = readPart(nextHome, roomId) or { 0, 0, 0, 0, 0, 0, 0, 0, NAMED }
  local epoch = math.max(unpackRoom(rawRoom)[R_EPOCH] + 1, nowUs)
  moveClaims(nextHome, roomId, epoch)
  moveClaims(home, roomId)
  room[R_EPOCH] = epoch
  local left = { nextHome }
  for i = 2, #list do
    if list[i] ~= nextHome then left[#left + 1] = list[i] end
  end
  call('HDEL', PARTS, nextHome .. '\0' .. roomId)
  call('ZREM', ROOM_INDEX, home .. '\0' .. roomId)
  writeRoom(roomId, room, table.concat(left, '\n'))
  for i = 1, #list do askForFullList(list[i]) end
  writeEvent(now, 'room-moved', 'roomId', roomId, 'fromNodeId', home, 'nodeId', nextHome,
    'epoch', string.format('%.0f', epoch))
  return left, room
end

local function forgetRoom(roomId, list)
  call('HDEL', ROOMS, roomId)
  for i = 1, #list do dropPart(list[i], roomId) end
end

-- A node holds nothing of the room any more. True when the room has ended by it.
local function leaveRoom(roomId, rawRoom, nodeId, now, nowUs)
  local list = splitNodes(roomNodes(rawRoom))
  local place = placeIn(list, nodeId)
  if place == 1 then
    local nextHome = nextHomeOf(list, now)
    if not nextHome then
      forgetRoom(roomId, list)
      return true
    end
    promote(roomId, rawRoom, list, nextHome, now, nowUs)
    return false
  end
  dropPart(nodeId, roomId)
  if place then
    table.remove(list, place)
    writeRoom(roomId, unpackRoom(rawRoom), table.concat(list, '\n'))
  end
  return false
end
