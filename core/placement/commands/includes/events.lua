-- Written beside an answer, read by scaling and by people; ids are Redis' own.
local EVENTS_KEPT = 1000

local function writeEvent(now, kind, ...)
  redis.call('XADD', KEYS[7], 'MAXLEN', '~', EVENTS_KEPT, '*', 'kind', kind, 'atMs', string.format('%.0f', now), ...)
end
