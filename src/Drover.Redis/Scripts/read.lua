-- Jobs as they are at one moment. ARGV: how much ('test': what a filter looks at; 'list': all but attempts that are over;
-- 'get': everything), '1' when the last outcome is wanted for a test, then numbers. Of each: nothing when there is none, or spec,
-- values or '', payload when it is not small, last outcome, and the attempts before with their outcomes.
local what, numbers, found = ARGV[1], { unpack(ARGV, 3) }, {}
loadspecs(numbers)
local packed = gets(JOB, numbers)
local pays = what == 'test' and {} or some(P .. 'pay', numbers)
for n, m in ipairs(numbers) do
  local job = specs[m] and { specs[m], packed[n] or '', pays[n] or '', '' } or {}
  if packed[n] and (what ~= 'test' or ARGV[2] == '1') then
    local v = cmsgpack.unpack(packed[n])
    if v[ENDED] > 0 then job[4] = call('HGET', P .. 'out', m .. ':' .. v[ENDED]) or '' end
    for attempt = 1, what == 'get' and v[AT] - 1 or 0 do
      job[#job + 1] = call('HGET', P .. 'past', m .. ':' .. attempt)
      job[#job + 1] = call('HGET', P .. 'out', m .. ':' .. attempt) or ''
    end
  end
  found[n] = job
end
return found
