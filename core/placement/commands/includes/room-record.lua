-- A room's record: epoch, reservation (egress, packets), counts (peers, publishers, subscribers, both), expected
-- size, reported (1 once its home has listed it), then its node ids, home first, joined by newlines.
local ROOM_FORMAT = '<ddddddddd'
local ROOM_BYTES = 72
local R_EPOCH, R_EGRESS, R_PACKETS, R_PEERS, R_PUB, R_SUB, R_BOTH, R_EXPECTED, R_REPORTED = 1, 2, 3, 4, 5, 6, 7, 8, 9

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

local function deleteRoom(roomId, home)
  redis.call('HDEL', KEYS[2], roomId)
  redis.call('ZREM', KEYS[5], home .. '\0' .. roomId)
end
