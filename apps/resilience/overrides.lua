-- Run-time overrides of the settings: one field for each service, the newer stamp wins, whoever writes.
--
-- KEYS  1 overrides (hash: service -> JSON with a `stamp`; `version` counts changes)
-- ARGV  1 channel   2… pairs of service and JSON

local changed = 0
for i = 2, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  local stamp = known and cjson.decode(known).stamp or -1
  if cjson.decode(ARGV[i + 1]).stamp > stamp then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    changed = changed + 1
  end
end
if changed > 0 or redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HINCRBY', KEYS[1], 'version', 1)
  redis.call('PUBLISH', ARGV[1], '{"overrides":true}')
end
return changed
