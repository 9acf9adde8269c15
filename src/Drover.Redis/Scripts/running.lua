-- Who runs and may be lost. ARGV: 'expired', steady now, most; or 'worker', its id, its present instance.
local found, answers = nil, {}
if ARGV[1] == 'expired' then
  found = call('ZRANGE', P .. 'run', '-inf', ARGV[2], 'BYSCORE', 'LIMIT', 0, ARGV[3])
else
  found = call('ZRANGE', P .. 'run', 0, -1)
  table.sort(found)
end
load(found)
local lost, numbers = {}, {}
for _, m in ipairs(found) do
  local v = jobs[m].v
  if ARGV[1] == 'expired' or (v[WORKER] == ARGV[2] and v[INSTANCE] ~= ARGV[3]) then
    lost[#lost + 1] = v
    numbers[#numbers + 1] = m
  end
end
loadspecs(numbers)
for n, v in ipairs(lost) do answers[n] = { specs[numbers[n]], v[AT], v[USED], v[WORKER] } end
return answers
