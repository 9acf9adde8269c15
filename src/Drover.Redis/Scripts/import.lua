-- ARGV: for each job: id, spec, payload, the packed values, set ('d' or 't') and when due in microseconds, finished in microseconds,
-- '1' when it holds its unique key, number of indexes, these, number of attempts, and of each what past and out have of it or ''.
-- A job that is there already is left as it is.
local told, at = 0, 1
local seq = tonumber(call('GET', P .. 'seq') or '0')

local function store(id, spec, pay, v, set, due, finish, holds, indexes, attempts)
  seq = seq + 1
  local m = string.format('%012d', seq)
  local l, st = line(v[LINE]), v[ST]
  jobs[m] = { m = m, v = v }
  save(jobs[m])
  call('HSET', P .. 'ids', id, m)
  put(SPEC, m, spec)
  if pay ~= '' then put(P .. 'pay', m, pay) end
  for n, attempt in ipairs(attempts) do
    if attempt.past ~= '' then put(P .. 'past', m .. ':' .. n, attempt.past) end
    if attempt.out ~= '' then put(P .. 'out', m .. ':' .. n, attempt.out) end
  end
  tally(m, l, st, 1)
  indexes[#indexes + 1] = 'p' .. l.pr
  post(indexes, thousand(m), digits(m), 1)
  if holds then call('HSET', P .. 'uk', v[UK], m) end
  call('SADD', P .. 'qs', l.q)
  if st == 2 then
    stand(m, l)
  elseif final(st) then
    enter(finished(st), finish, m)
  else
    enter(P .. 'w' .. set, due, m)
  end
  told = told + 1
end

local function counted()
  local values, n = {}, tonumber(ARGV[at])
  for i = 1, n do values[i] = ARGV[at + i] end
  at = at + n + 1
  return values
end

while at <= #ARGV do
  local id, spec, pay, packed, set, due, finish, holds = unpack(ARGV, at, at + 7)
  at = at + 8
  local indexes, ended, attempts = counted(), counted(), {}
  for n = 1, #ended, 2 do attempts[#attempts + 1] = { past = ended[n], out = ended[n + 1] } end
  if not find({ id })[1] then store(id, spec, pay, cmsgpack.unpack(packed), set, due, finish, holds == '1', indexes, attempts) end
end
if told > 0 then call('INCRBY', P .. 'seq', told) end
flush()
return told
