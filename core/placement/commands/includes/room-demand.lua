-- The egress model: the same as roomDemand() in core/capacity/egress-model.ts, where it is explained. Its parameters
-- are the constants of node-app/placement/script-settings.ts.

local function videoBps(publishers)
  local pictures = math.min(publishers, LAST_N)
  if pictures <= 0 then return 0 end
  if pictures == 1 then return SINGLE_PICTURE_BPS end
  if pictures <= FEW_PICTURES then return FEW_PICTURES_BPS * pictures end
  return SPEAKER_BPS + THUMBNAIL_BPS * (pictures - 1)
end

local function roomDemand(pub, sub, both)
  local audience, others = sub - both, math.max(0, pub - 1)
  local video = videoBps(pub) * audience + videoBps(others) * both
  local streams = math.min(pub, ACTIVE_AUDIO) * audience + math.min(others, ACTIVE_AUDIO) * both
  return math.ceil(OVERHEAD * (video + AUDIO_BPS * streams)),
    math.ceil(video / PACKET_BITS + AUDIO_PACKETS * streams)
end

-- Counts once as many people are there as expected.
local function withExpected(peers, pub, sub, both, expected)
  local missing = math.max(0, expected - peers)
  local senders = math.min(missing, math.max(0, ASSUMED_PUBLISHERS - pub))
  return pub + senders, sub + missing, both + senders
end
