-- A claim is a member of one sorted set, all scores 0, so that a node's claims are a range of it:
-- `<node id>\0` + seq, at (ms), epoch, egress, packets, publishes, subscribes, rooms (1: made the room), big-endian
-- so that they sort, + room id.
local CLAIM_FORMAT = '>dddddddd'
local CLAIM_BYTES = 64

-- What a peer that sends is counted with: audio and video.
local TRACKS_PER_PUBLISHER = 2
