-- A node's record: 15 doubles that only the node's heartbeat writes, 7 that claims write, then its link address.
local NODE_FORMAT = '<dddddddddddddddddddddd'
local NODE_HEAD_FORMAT = '<ddddddddddddddd'
local NODE_TAIL_FORMAT = '<ddddddd'
local NODE_HEAD_BYTES, NODE_BYTES = 120, 176

-- Head: lease end (ms), state (0 SERVING, 1 CORDONED, 2 DRAINING, 3 DRAINED), ready (0/1), capacity, use
-- (max of committed and measured, as the node reported it), load, sequence number of the heartbeat.
local LEASE, STATE, READY, CAP_EGRESS, CAP_PACKETS, USE_EGRESS, USE_PACKETS = 1, 2, 3, 4, 5, 6, 7
local CPU, SYS, ROOM_COUNT, CLIENTS, TRACKS, BYTES, HEARTBEAT_SEQ = 8, 9, 10, 11, 12, 13, 14
-- 15 is spare, 0.
-- Tail: sums over the claims that the node has not confirmed, number of the last claim, generation (us) in
-- which the node last listed all its rooms.
local PEND_EGRESS, PEND_PACKETS, PEND_ROOMS, PEND_CLIENTS, PEND_TRACKS, LAST_CLAIM, ASSERTED = 16, 17, 18, 19, 20, 21, 22

-- Where the bytes of CLIENTS, TRACKS and of PEND_CLIENTS, PEND_TRACKS, LAST_CLAIM begin.
local CLIENTS_AT, PEERS_AT = 81, 145

local function unpackNode(raw)
  return { struct.unpack(NODE_FORMAT, raw) }
end

local function nodeLink(raw)
  return string.sub(raw, NODE_BYTES + 1)
end

-- Writes back what claims change.
local function writeNodeTail(nodeId, raw, node)
  redis.call('HSET', KEYS[1], nodeId, string.sub(raw, 1, NODE_HEAD_BYTES) .. struct.pack(NODE_TAIL_FORMAT,
    node[16], node[17], node[18], node[19], node[20], node[21], node[22]) .. string.sub(raw, NODE_BYTES + 1))
end

local function egressHeadroom(node)
  return node[CAP_EGRESS] - node[USE_EGRESS] - node[PEND_EGRESS]
end

local function packetHeadroom(node)
  return node[CAP_PACKETS] - node[USE_PACKETS] - node[PEND_PACKETS]
end

-- The machine's load once the unconfirmed claims send their packets: a node at its packet capacity counts as 1.
local function projectedLoad(node, field)
  if node[CAP_PACKETS] <= 0 then return node[field] end
  return node[field] + node[PEND_PACKETS] / node[CAP_PACKETS]
end
