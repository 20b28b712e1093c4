-- The egress model: the same as roomDemand() in core/capacity/egress-model.ts, where it is explained. `model` holds
-- its parameters in the order of packEgressModel().
local M_SINGLE, M_FEW_BPS, M_FEW, M_SPEAKER, M_THUMBNAIL, M_AUDIO, M_ACTIVE_AUDIO, M_LAST_N = 1, 2, 3, 4, 5, 6, 7, 8
local M_OVERHEAD, M_PACKET_BITS, M_AUDIO_PACKETS, M_ASSUMED = 9, 10, 11, 12

local function videoBps(publishers, model)
  local pictures = math.min(publishers, model[M_LAST_N])
  if pictures <= 0 then return 0 end
  if pictures == 1 then return model[M_SINGLE] end
  if pictures <= model[M_FEW] then return model[M_FEW_BPS] * pictures end
  return model[M_SPEAKER] + model[M_THUMBNAIL] * (pictures - 1)
end

local function roomDemand(pub, sub, both, model)
  local audience, others = sub - both, math.max(0, pub - 1)
  local video = videoBps(pub, model) * audience + videoBps(others, model) * both
  local streams = math.min(pub, model[M_ACTIVE_AUDIO]) * audience + math.min(others, model[M_ACTIVE_AUDIO]) * both
  return math.ceil(model[M_OVERHEAD] * (video + model[M_AUDIO] * streams)),
    math.ceil(video / model[M_PACKET_BITS] + model[M_AUDIO_PACKETS] * streams)
end

-- Counts once as many people are there as expected.
local function withExpected(peers, pub, sub, both, expected, model)
  local missing = math.max(0, expected - peers)
  local senders = math.min(missing, math.max(0, model[M_ASSUMED] - pub))
  return pub + senders, sub + missing, both + senders
end
