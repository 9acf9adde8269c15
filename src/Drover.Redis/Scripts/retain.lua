-- ARGV: completed and failed ones before (microseconds) or '', idempotency keys until, most.
local most, old, gone = tonumber(ARGV[4]), {}, {}
for _, key in ipairs(call('ZRANGE', P .. 'ikz', '-inf', ARGV[3], 'BYSCORE', 'LIMIT', 0, most)) do
  leave(P .. 'ikz', key)
  erase(P .. 'ik', key)
end
local function look(key, before)
  if before == '' then return end
  local found = call('ZRANGE', key, '-inf', '(' .. before, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
  for n = 1, #found, 2 do old[#old + 1] = { m = found[n], at = tonumber(found[n + 1]) } end
end
look(P .. 'fc', ARGV[1])
look(P .. 'ff', ARGV[2])
table.sort(old, function(a, b) return a.at < b.at or (a.at == b.at and a.m < b.m) end)
local numbers = {}
for n = 1, math.min(most, #old) do numbers[n] = old[n].m end
load(numbers)
for n, m in ipairs(numbers) do gone[n] = jobs[m] end
remove(gone)
flush()
return #gone
