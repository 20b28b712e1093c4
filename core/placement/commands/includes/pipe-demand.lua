--- @include "room-demand"

-- Rooms on several nodes: the same as pipeDemand() and partDemand() in core/capacity/egress-model.ts, where they are
-- explained. `pub`, `sub` and `both` are the peers of one node, `remotePub` the publishers of all others.

local function pipeDemand(pub, remotePub, otherNodes)
  local pictures, picture = math.min(math.max(1, pub + remotePub - 1), LAST_N), FEW_PICTURES_BPS
  if pictures <= 0 then picture = 0 elseif pictures == 1 then picture = SINGLE_PICTURE_BPS end
  local video, streams = picture * pub * otherNodes, math.min(pub, ACTIVE_AUDIO) * otherNodes
  return math.ceil(OVERHEAD * (video + AUDIO_BPS * streams)),
    math.ceil(video / PACKET_BITS + AUDIO_PACKETS * streams)
end

local function partDemand(pub, sub, both, remotePub, otherNodes)
  local egress, packets = roomDemand(pub + remotePub, sub, both)
  local pipeEgress, pipePackets = pipeDemand(pub, remotePub, otherNodes)
  return egress + pipeEgress, packets + pipePackets
end
