-- Who runs and may be lost. ARGV: 'expired', steady now, most; or 'worker', its id, its present instance.
local found, answers = {}, {}
if ARGV[1] == 'expired' then
  found = call('ZRANGE', P .. 'run', '-inf', ARGV[2], 'BYSCORE', 'LIMIT', 0, ARGV[3])
else
  found = call('SMEMBERS', P .. 'w:' .. ARGV[2])
  table.sort(found)
end
for _, m in ipairs(found) do
  local v = call('HMGET', P .. 'j:' .. m, 'id', 'at', 'used', 'w', 'spec', 'inst')
  if ARGV[1] == 'expired' or v[6] ~= ARGV[3] then answers[#answers + 1] = { v[1], v[2], v[3], v[4], v[5] } end
end
return answers
