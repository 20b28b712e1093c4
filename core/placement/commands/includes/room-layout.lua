-- A room's record: epoch, reservation (egress, packets), counts (peers, publishers, subscribers, both), expected
-- size, reported (1 once its home has listed it), then its node ids, home first, joined by newlines.
local ROOM_FORMAT = '<ddddddddd'
local ROOM_BYTES = 72
local R_EPOCH, R_EGRESS, R_PACKETS, R_PEERS, R_PUB, R_SUB, R_BOTH, R_EXPECTED, R_REPORTED = 1, 2, 3, 4, 5, 6, 7, 8, 9
