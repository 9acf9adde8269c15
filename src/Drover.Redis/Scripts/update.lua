-- ARGV: now in ticks and microseconds, id, new priority or '', time in ticks and microseconds or '', whether it is to come.
local m = find(ARGV[3])
local j = m and fetch(m)
if not j then return missing(ARGV[3]) end
local from = j.st
if from == '3' or final(from) then return answer(j, 3, from) end
local timed = ARGV[5] ~= ''
if from == '2' then takeout(j) end
if ARGV[4] ~= '' and ARGV[4] ~= j.pr then
  call('ZREM', P .. 'p:' .. j.pr, m)
  j.pr = ARGV[4]
  call('ZADD', P .. 'p:' .. j.pr, tonumber(m), m)
  call('HSET', j.key, 'pr', j.pr)
end
if timed and ARGV[7] == '1' then
  if from ~= '2' then takeout(j) end
  wait(j, '1', 't', ARGV[5], ARGV[6])
elseif timed and from ~= '2' then
  takeout(j)
  call('HDEL', j.key, 'due')
  ready(j, ARGV[1], ARGV[2])
elseif from == '2' then
  stand(j)
end
return answer(j, 0, from)
