-- ARGV: now in ticks and microseconds, id, new priority or '', time in ticks and microseconds or '', whether it is to come.
local m = find({ ARGV[3] })[1]
load({ m })
local j = m and jobs[m]
if not j then return missing end
local v, from = j.v, j.v[ST]
if from == 3 or final(from) then return answer(j, 3, from) end
local timed = ARGV[5] ~= ''
if from == 2 then takeout(j) end
local l = line(v[LINE])
if ARGV[4] ~= '' and ARGV[4] ~= l.pr then
  unpost('p' .. l.pr, m)
  post({ 'p' .. ARGV[4] }, thousand(m), digits(m), 1)
  v[LINE] = l.q .. '\n' .. l.needs .. '\n' .. l.lk .. '\n' .. ARGV[4]
  save(j)
end
if timed and ARGV[7] == '1' then
  if from ~= 2 then takeout(j) end
  wait(j, 1, 't', ARGV[5], ARGV[6])
elseif timed and from ~= 2 then
  takeout(j)
  v[DUE] = ''
  ready(j, ARGV[1])
elseif from == 2 then
  stand(m, line(v[LINE]))
end
flush()
return answer(j, 0, from)
