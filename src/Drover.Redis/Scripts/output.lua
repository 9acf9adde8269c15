-- ARGV: id, attempt, the gap (from, to, entry) or three times '', then seq and entry of each. An entry begins with its attempt, 4 bytes.
local m = find({ ARGV[1] })[1]
load({ m })
local j = m and jobs[m]
if not j or j.v[ST] ~= 3 or j.v[AT] ~= tonumber(ARGV[2]) then return 0 end
local key, last = P .. 'o:' .. m, tonumber(call('HGET', P .. 'os', m) or '0')
for n = 6, #ARGV, 2 do
  local seq = tonumber(ARGV[n])
  if seq > last then
    call('ZADD', key, seq, ARGV[n + 1])
    last = seq
  end
end
if ARGV[3] ~= '' then
  local from, to, mine = tonumber(ARGV[3]), tonumber(ARGV[4]), string.sub(ARGV[5], 1, 4)
  for _, entry in ipairs(call('ZRANGE', key, from, '(' .. ARGV[4], 'BYSCORE')) do
    if string.sub(entry, 1, 4) == mine then call('ZREM', key, entry) end
  end
  call('ZADD', key, from, ARGV[5])
  last = math.max(last, to - 1)
end
call('HSET', P .. 'os', m, string.format('%.0f', last))
return 1
