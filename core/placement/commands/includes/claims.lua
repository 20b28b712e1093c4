-- A claim is a member of one sorted set, all scores 0, so that a node's claims are a range of it:
-- `<node id>\0` + seq, at (ms), epoch, egress, packets, publishes, subscribes, rooms (1: made the room), big-endian
-- so that they sort, + room id.
local CLAIM_FORMAT = '>dddddddd'

local function writeClaim(nodeId, seq, now, epoch, egress, packets, publishes, subscribes, rooms, roomId)
  redis.call('ZADD', KEYS[3], '0',
    nodeId .. '\0' .. struct.pack(CLAIM_FORMAT, seq, now, epoch, egress, packets, publishes, subscribes, rooms) .. roomId)
end

local function unpackClaim(nodeId, member)
  local start = #nodeId + 2
  local seq, at, epoch, egress, packets, publishes, subscribes, rooms, after =
    struct.unpack(CLAIM_FORMAT, member, start)
  return {
    seq = seq, at = at, epoch = epoch, egress = egress, packets = packets, publishes = publishes,
    subscribes = subscribes, rooms = rooms, roomId = string.sub(member, after),
  }
end

-- Tracks that a peer is counted with: audio and video when it sends.
local function claimTracks(publishes)
  return 2 * publishes
end
