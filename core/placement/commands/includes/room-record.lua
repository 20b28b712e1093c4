--- @include "room-layout"

local function unpackRoom(raw)
  return { struct.unpack(ROOM_FORMAT, raw) }
end

local function roomNodes(raw)
  return string.sub(raw, ROOM_BYTES + 1)
end

local function homeOf(nodes)
  local newline = string.find(nodes, '\n', 1, true)
  if newline then return string.sub(nodes, 1, newline - 1) end
  return nodes
end

local function writeRoom(roomId, room, nodes)
  redis.call('HSET', KEYS[2], roomId, struct.pack(ROOM_FORMAT, room[1], room[2], room[3], room[4], room[5], room[6],
    room[7], room[8], room[9]) .. nodes)
end
