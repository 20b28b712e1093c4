-- The one clock of placement: Redis' own. Only a simulator's keyspace accepts a virtual time.
local function readTime(virtualNowMs)
  if virtualNowMs > 0 then
    if string.sub(KEYS[1], 1, 5) ~= '{sim-' then
      return nil, nil, redis.error_reply('ERR a virtual time is for keyspaces that begin with sim-')
    end
    return virtualNowMs, virtualNowMs * 1000
  end
  local time = redis.call('TIME')
  local us = time[1] * 1000000 + time[2]
  return math.floor(us / 1000), us
end
