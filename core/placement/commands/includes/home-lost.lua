--- @include "node-record"

-- Milliseconds until the present generation has lasted a lease: until then a room without a record may live on a
-- node that has not said so yet.
local function generationRest(generationUs, now)
  if not generationUs then return LEASE_TTL end
  return math.max(0, math.ceil(generationUs / 1000 + LEASE_TTL - now))
end

-- Milliseconds until a room may leave a home that is gone, or silent, or that somebody says so of; 0: now. Without
-- proof the home gets the benefit of the doubt, and after an outage of Redis time begins anew for everybody.
-- `evidence`: 0 none, 1 unreachable, 2 dead.
local function homeRest(homeNode, evidence, now)
  if evidence == 2 or (homeNode and homeNode[STATE] >= 3) then return 0 end
  local generationUs = tonumber(call('GET', GENERATION))
  -- Forgotten long ago, or named by another node of the room and not back yet.
  if not generationUs or not homeNode then return generationRest(generationUs, now) end
  local movesAt = math.max(homeNode[LEASE], generationUs / 1000 + LEASE_TTL)
  if evidence == 0 then movesAt = movesAt - LEASE_TTL + SILENT_HOME end
  return math.max(0, math.ceil(movesAt - now))
end

-- The answer while it has to be waited for so long, milliseconds. Asked for again sooner: the next heartbeat of the node
-- that is waited for, if it lives, ends the wait.
local function notYet(rest)
  return { UNAVAILABLE, math.min(rest, HEARTBEAT_INTERVAL) }
end
