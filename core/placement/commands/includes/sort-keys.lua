--- @include "node-record"

-- What a node has left, in bits per second of the dimension that binds: packets are worth what a video packet
-- carries, so that a node that ran out of packets doesn't stand in front of those that can still take a room.
local function headroomScore(node, bitsPerPacket)
  return math.min(egressHeadroom(node), packetHeadroom(node) * bitsPerPacket)
end

-- Only nodes that take new rooms stand in the sort keys.
local function takesRooms(node, now)
  return node[STATE] == 0 and node[READY] == 1 and node[LEASE] > now
end

-- What a claim changes: demand moves headroom, loads and bytes; each peer moves clients and tracks.
local function rankDemand(nodeId, node, bitsPerPacket)
  call('ZADD', BY_HEADROOM, headroomScore(node, bitsPerPacket), nodeId)
  call('ZADD', BY_CPULOAD, projectedLoad(node, CPU), nodeId)
  call('ZADD', BY_SYSLOAD, projectedLoad(node, SYS), nodeId)
  call('ZADD', BY_BYTES, node[BYTES] + node[PEND_EGRESS] / 8, nodeId)
end

local function rankPeers(nodeId, node)
  call('ZADD', BY_CLIENTS, node[CLIENTS] + node[PEND_CLIENTS], nodeId)
  call('ZADD', BY_TRACKS, node[TRACKS] + node[PEND_TRACKS], nodeId)
end

local function rankRooms(nodeId, node)
  call('ZADD', BY_ROOMS, node[ROOM_COUNT] + node[PEND_ROOMS], nodeId)
end

local function rankNode(nodeId, node, bitsPerPacket)
  rankDemand(nodeId, node, bitsPerPacket)
  rankPeers(nodeId, node)
  rankRooms(nodeId, node)
end

local function unrankNodes(nodeIds)
  for i = 8, 14 do call('ZREM', KEYS[i], unpack(nodeIds)) end
end
