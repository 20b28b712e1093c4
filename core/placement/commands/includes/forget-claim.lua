--- @include "room-parts"

-- A claim leaves its room's record, or its node's part of it: no session came of it, or the session came and went
-- unreported. What only such claims ever made goes with the last of them.
local function forgetClaimOfRoom(nodeId, claim, now, nowUs)
  local raw = call('HGET', ROOMS, claim.roomId)
  if not raw then return end
  local nodes = roomNodes(raw)
  local isHome = homeOf(nodes) == nodeId
  local room
  if isHome then room = unpackRoom(raw) else room = readPart(nodeId, claim.roomId) end
  -- Of an earlier stay of the room on that node.
  if not room or claim.epoch < room[R_EPOCH] then return end
  room[R_PEERS] = math.max(0, room[R_PEERS] - 1)
  room[R_PUB] = math.max(0, room[R_PUB] - claim.publishes)
  room[R_SUB] = math.max(0, room[R_SUB] - claim.subscribes)
  room[R_BOTH] = math.max(0, room[R_BOTH] - claim.publishes * claim.subscribes)
  room[R_EGRESS] = math.max(0, room[R_EGRESS] - claim.egress)
  room[R_PACKETS] = math.max(0, room[R_PACKETS] - claim.packets)
  if room[R_PEERS] == 0 and room[R_REPORTED] == CLAIMED then
    leaveRoom(claim.roomId, raw, nodeId, now, nowUs)
  elseif isHome then
    writeRoom(claim.roomId, room, nodes)
  else
    writePart(nodeId, claim.roomId, room)
  end
end
