-- ARGV: now in ticks and microseconds, then for each: id, attempt, attempts used as the caller knows, the outcome, its error,
-- a steady time by which the lease must have run out or '', and what follows without and with a cancel request:
-- status, attempts used, due in ticks, due in microseconds.
local ticks, micros, answers = ARGV[1], ARGV[2], {}
for n = 3, #ARGV, 14 do
  local id, m = ARGV[n], find(ARGV[n])
  local j = m and fetch(m)
  if not j then
    answers[#answers + 1] = missing(id)
  elseif j.st ~= '3' or j.at ~= tonumber(ARGV[n + 1]) then
    answers[#answers + 1] = answer(j, 4, j.st)
  elseif ARGV[n + 5] ~= '' and tonumber(call('ZSCORE', P .. 'run', m)) > tonumber(ARGV[n + 5]) then
    answers[#answers + 1] = answer(j, 4, j.st)
  elseif j.used ~= ARGV[n + 2] then
    answers[#answers + 1] = answer(j, 9, j.st)
  else
    local at = j.can == '' and n + 6 or n + 10
    local to, used, due, dueu = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    takeout(j)
    call('HSET', j.key, 'used', used, 'lo', j.at, 'f' .. j.at, ticks .. '\n' .. ARGV[n + 3])
    if ARGV[n + 4] ~= '' then call('HSET', j.key, 'err', ARGV[n + 4]) else call('HDEL', j.key, 'err') end
    if final(to) then
      finish(j, to, ticks, micros)
    elseif to == '2' then
      call('HDEL', j.key, 'due')
      ready(j, ticks, micros)
    else
      wait(j, to, 'd', due, dueu)
    end
    answers[#answers + 1] = answer(j, 0, '3')
  end
end
return answers
