-- A node's record: 15 doubles that only the node's heartbeat writes, 7 that claims write, then its link address.
local NODE_FORMAT = '<dddddddddddddddddddddd'
local NODE_HEAD_FORMAT = '<ddddddddddddddd'
local NODE_TAIL_FORMAT = '<ddddddd'
local NODE_HEAD_BYTES, NODE_BYTES = 120, 176

-- Head: lease end (ms), state (0 SERVING, 1 CORDONED, 2 DRAINING, 3 DRAINED), ready (0/1, 2 MOVING: it moves its peers
-- to other nodes; a release that doesn't know that reads it as not ready), capacity, use (max of committed and measured,
-- as the node reported it), load, sequence number of the heartbeat, whether it can hold rooms together with others (0/1;
-- a release that can't writes 0).
local LEASE, STATE, READY, CAP_EGRESS, CAP_PACKETS, USE_EGRESS, USE_PACKETS = 1, 2, 3, 4, 5, 6, 7
local MOVING = 2
local CPU, SYS, ROOM_COUNT, CLIENTS, TRACKS, BYTES, HEARTBEAT_SEQ, CASCADES = 8, 9, 10, 11, 12, 13, 14, 15
-- Tail: sums over the claims that the node has not confirmed, number of the last claim, generation (us) in
-- which the node last listed all its rooms.
local PEND_EGRESS, PEND_PACKETS, PEND_ROOMS, PEND_CLIENTS, PEND_TRACKS, LAST_CLAIM, ASSERTED = 16, 17, 18, 19, 20, 21, 22

-- Where the bytes of CLIENTS, TRACKS and of PEND_CLIENTS, PEND_TRACKS, LAST_CLAIM begin.
local CLIENTS_AT, PEERS_AT = 81, 145
