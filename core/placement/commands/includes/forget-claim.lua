--- @include "room-record"

-- A claim leaves its room's record: no session came of it, or the session came and went unreported. A room that
-- only such claims ever made goes with the last of them.
local function forgetClaimOfRoom(nodeId, claim)
  local raw = redis.call('HGET', KEYS[2], claim.roomId)
  if not raw then return end
  local nodes = roomNodes(raw)
  local room = unpackRoom(raw)
  if homeOf(nodes) ~= nodeId or room[R_EPOCH] ~= claim.epoch then return end
  room[R_PEERS] = math.max(0, room[R_PEERS] - 1)
  room[R_PUB] = math.max(0, room[R_PUB] - claim.publishes)
  room[R_SUB] = math.max(0, room[R_SUB] - claim.subscribes)
  room[R_BOTH] = math.max(0, room[R_BOTH] - claim.publishes * claim.subscribes)
  room[R_EGRESS] = math.max(0, room[R_EGRESS] - claim.egress)
  room[R_PACKETS] = math.max(0, room[R_PACKETS] - claim.packets)
  if room[R_PEERS] == 0 and room[R_REPORTED] == 0 then
    deleteRoom(claim.roomId, nodeId)
  else
    writeRoom(claim.roomId, room, nodes)
  end
end
