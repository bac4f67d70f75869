-- One circuit of the cluster: the machine of machine.py on shared data. Each call is one atomic step, so there is
-- no read-modify-write race, and whoever's call makes a transition learns of it: that process tells the event.
--
-- KEYS  1 state (hash)   2 probe leases (sorted by expiry)   3 processes that saw failures   4 the caller's sequence
-- ARGV  1 request (JSON) 2 channel for transitions
-- All times are milliseconds of the server's clock; `request.now` replaces it in tests only.

local request = cjson.decode(ARGV[1])
local config = request.config
local now = request.now
if not now or now == cjson.null then
  local clock = redis.call('TIME')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local transitions = {}
local fields = { 'state', 'generation', 'until', 'opened', 'half', 'reopenings', 'ok', 'lost', 'succeeded', 'failed',
  'slow', 'first', 'last', 'width', 'accounted', 'pause', 'seen' }
local values = redis.call('HMGET', KEYS[1], unpack(fields))
local c = {}
for i, field in ipairs(fields) do
  c[field] = i == 1 and values[i] or tonumber(values[i] or 0)
end

local function clear_window()
  local gone = {}
  for index = c.first, c.last do
    gone[#gone + 1] = 's' .. index
    gone[#gone + 1] = 'f' .. index
    gone[#gone + 1] = 'w' .. index
    if #gone >= 600 then
      redis.call('HDEL', KEYS[1], unpack(gone))
      gone = {}
    end
  end
  if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
  redis.call('DEL', KEYS[3])
  c.succeeded, c.failed, c.slow, c.first, c.last = 0, 0, 0, 0, -1
end

local function expire_buckets()
  local oldest = math.floor(now / config.width) - config.span + 1
  while c.first < oldest and c.first <= c.last do
    local bucket = redis.call('HMGET', KEYS[1], 's' .. c.first, 'f' .. c.first, 'w' .. c.first)
    c.succeeded = c.succeeded - tonumber(bucket[1] or 0)
    c.failed = c.failed - tonumber(bucket[2] or 0)
    c.slow = c.slow - tonumber(bucket[3] or 0)
    redis.call('HDEL', KEYS[1], 's' .. c.first, 'f' .. c.first, 'w' .. c.first)
    c.first = c.first + 1
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - config.window)
end

local function move(target, cause)
  local source = c.state
  c.state, c.generation = target, c.generation + 1
  c.ok, c.lost = 0, 0
  redis.call('DEL', KEYS[2])
  transitions[#transitions + 1] =
    { source = source, target = target, generation = c.generation, cause = cause, failures = c.failed }
  if target == 'open' then
    c.reopenings = source == 'half_open' and c.reopenings + 1 or 0
    local length = math.min(config.recovery_cap, config.recovery * 2 ^ math.min(c.reopenings, 30))
    c.opened, c.accounted = now, now
    c['until'] = now + math.floor(length * (1 + config.jitter * request.chance))
  elseif target == 'half_open' then
    c.half = now
  else
    c.reopenings = 0
    clear_window()
  end
end

local function advance()
  if c.state == 'open' and now >= c['until'] then
    return move('half_open', 'recovery time is over')
  end
  if c.state ~= 'half_open' then return end
  c.lost = c.lost + redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if now < c.half + config.half_open then return end
  if c.lost > 0 then return move('open', 'probes were lost') end
  if c.ok > 0 then return move('closed', 'probes succeeded until the half-open time limit') end
  c.half = now
end

local function judge()
  local total = c.succeeded + c.failed
  if c.state ~= 'closed' or total < config.volume then return end
  if config.quorum > 1 and redis.call('ZCARD', KEYS[3]) < config.quorum then return end
  if c.failed >= config.failures then return move('open', 'failure threshold') end
  if config.failure_rate > 0 and c.failed >= config.failure_rate * total then return move('open', 'failure rate') end
  if config.slow_rate > 0 and c.slow >= config.slow_rate * total then move('open', 'slow call rate') end
end

local function count(bucket)
  local index = math.floor((now - bucket[1] * 1000) / config.width)
  if index < math.floor(now / config.width) - config.span + 1 then return end
  if c.last < c.first then c.first, c.last = index, index end
  c.first, c.last = math.min(c.first, index), math.max(c.last, index)
  for i, name in ipairs({ 's', 'f', 'w' }) do
    if bucket[i + 1] > 0 then redis.call('HINCRBY', KEYS[1], name .. index, bucket[i + 1]) end
  end
  c.succeeded, c.failed, c.slow = c.succeeded + bucket[2], c.failed + bucket[3], c.slow + bucket[4]
  if bucket[3] + bucket[4] > 0 then redis.call('ZADD', KEYS[3], now, request.process) end
end

local function settle(probe)
  if c.state ~= 'half_open' or redis.call('ZREM', KEYS[2], probe[1]) == 0 then return end
  if probe[3] == 'failure' then return move('open', 'a probe failed') end
  if probe[3] == 'success' then
    c.ok = c.ok + 1
    if c.ok >= config.successes then move('closed', 'probes succeeded') end
  end
end

local function note(report)
  local names = { 'succeeded', 'failed', 'ignored', 'rejected', 'slow' }
  for i, name in ipairs(names) do
    if report.totals[i] > 0 then redis.call('HINCRBY', KEYS[1], 'total_' .. name, report.totals[i]) end
  end
  if report.totals[2] > 0 then
    redis.call('HSET', KEYS[1], 'last_error', report.last_error, 'last_failure', now - report.failure_age)
  end
  if report.totals[1] > 0 then redis.call('HSET', KEYS[1], 'last_success', now - report.success_age) end
  if report.pause > 0 then c.pause = math.max(c.pause, now + report.pause) end
end

-- A missing key, or one behind what the caller has seen, takes over the caller's state: a lost key closes nothing.
local seed = request.seed
if not c.state or c.generation < seed.generation then
  c.state, c.generation, c.reopenings = seed.state, seed.generation, seed.reopenings
  c['until'], c.opened, c.accounted, c.half, c.ok, c.lost = now + seed.remaining, now, now, now, 0, 0
  redis.call('DEL', KEYS[2])
  clear_window()
end
if c.width ~= config.width then
  clear_window()
  c.width = config.width
end

-- Where the server's clock is set back, what was told by it moves along: it must not last longer by as much.
local back = c.seen - now
if back > 1000 then
  for _, field in ipairs({ 'until', 'opened', 'half', 'accounted', 'pause' }) do
    c[field] = math.max(0, c[field] - back)
  end
  redis.call('DEL', KEYS[2])
  clear_window()
end
if back > 1000 or back < 0 then c.seen = now end

local open_for = 0
if c.state == 'open' then
  open_for = now - c.accounted
  c.accounted = now
end

expire_buckets()
advance()

local granted = false
local report = request.report
if report and report ~= cjson.null and report.sequence > tonumber(redis.call('GET', KEYS[4]) or 0) then
  redis.call('SET', KEYS[4], report.sequence, 'PX', 600000)
  note(report)
  if report.generation == c.generation and c.state == 'closed' then
    for _, bucket in ipairs(report.buckets) do count(bucket) end
    judge()
  end
  for _, probe in ipairs(report.probes) do settle(probe) end
end
if request.action == 'lease' then
  if c.state == 'half_open' and redis.call('ZCARD', KEYS[2]) < config.probes then
    redis.call('ZADD', KEYS[2], now + config.lease, request.lease)
    granted = true
  end
elseif request.action == 'reset' then
  if c.state == 'closed' then clear_window() else move('closed', request.cause) end
elseif request.action == 'trip' and c.state ~= 'open' then
  move('open', request.cause)
end

local saved = {}
for _, field in ipairs(fields) do
  saved[#saved + 1] = field
  saved[#saved + 1] = field == 'state' and c.state or string.format('%.0f', c[field])
end
redis.call('HSET', KEYS[1], unpack(saved))
local keep = math.max(86400000, 2 * (c['until'] - now))
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], string.format('%.0f', keep)) end

local told = redis.call('HMGET', KEYS[1], 'total_succeeded', 'total_failed', 'total_ignored', 'total_rejected',
  'total_slow', 'last_failure', 'last_success', 'last_error')
local totals = {}
for i = 1, 5 do totals[i] = tonumber(told[i] or 0) end
local answer = cjson.encode({
  name = request.name, state = c.state, generation = c.generation, reopenings = c.reopenings,
  remaining = c.state == 'open' and math.max(0, c['until'] - now) or 0, opened_at = c.opened,
  window = { c.succeeded, c.failed, c.slow }, ok = c.ok, probes = redis.call('ZCARD', KEYS[2]), totals = totals,
  last_failure = tonumber(told[6] or 0), last_success = tonumber(told[7] or 0), last_error = told[8] or '',
  pause = math.max(0, c.pause - now), open_for = open_for, transitions = transitions, granted = granted,
})
if #transitions > 0 then redis.call('PUBLISH', ARGV[2], answer) end
return answer
