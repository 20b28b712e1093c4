--- @include "node-record"

-- What a node has left, in bits per second of the dimension that binds: packets are worth what a video packet
-- carries, so that a node that ran out of packets doesn't stand in front of those that can still take a room.
local function headroomScore(node)
  return math.min(egressHeadroom(node), packetHeadroom(node) * BITS_PER_PACKET)
end

-- Only nodes that take new rooms stand in the sort keys.
local function takesRooms(node, now)
  return node[STATE] == 0 and node[READY] == 1 and node[LEASE] > now
end

-- Scores are whole numbers, written out here: Redis would print a Lua number with 17 digits, which costs more than
-- the ZADD itself. Loads count in ten-thousandths.
local function rank(key, nodeId, score)
  call('ZADD', key, string.format('%d', score), nodeId)
end

-- What a claim changes: demand moves headroom, loads and bytes; each peer moves clients and tracks.
local function rankDemand(nodeId, node)
  rank(BY_HEADROOM, nodeId, headroomScore(node))
  rank(BY_CPULOAD, nodeId, 10000 * projectedLoad(node, CPU))
  rank(BY_SYSLOAD, nodeId, 10000 * projectedLoad(node, SYS))
  rank(BY_BYTES, nodeId, node[BYTES] + node[PEND_EGRESS] / 8)
end

local function rankPeers(nodeId, node)
  rank(BY_CLIENTS, nodeId, node[CLIENTS] + node[PEND_CLIENTS])
  rank(BY_TRACKS, nodeId, node[TRACKS] + node[PEND_TRACKS])
end

local function rankRooms(nodeId, node)
  rank(BY_ROOMS, nodeId, node[ROOM_COUNT] + node[PEND_ROOMS])
end

local function rankNode(nodeId, node)
  rankDemand(nodeId, node)
  rankPeers(nodeId, node)
  rankRooms(nodeId, node)
end

local function unrankNodes(nodeIds)
  for i = 8, 14 do call('ZREM', KEYS[i], unpack(nodeIds)) end
end
