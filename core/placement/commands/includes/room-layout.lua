-- A room's record: epoch, reservation (egress, packets), counts (peers, publishers, subscribers, both), expected
-- size, reported, then its node ids, home first, joined by newlines. All numbers are of the home alone. What another
-- node holds of the room is a part: the same numbers, with the epoch of when it became one of the room's nodes.
local ROOM_FORMAT = '<ddddddddd'
local ROOM_BYTES = 72
local R_EPOCH, R_EGRESS, R_PACKETS, R_PEERS, R_PUB, R_SUB, R_BOTH, R_EXPECTED, R_REPORTED = 1, 2, 3, 4, 5, 6, 7, 8, 9
-- Reported: only claims made it; its node has listed it; another node named its home, which has said nothing yet.
local CLAIMED, LISTED, NAMED = 0, 1, 2
