-- ARGV: the new end and length in microseconds, then id and attempt of each.
local answers = {}
for n = 3, #ARGV, 2 do
  local m = find(ARGV[n])
  local j = m and fetch(m)
  if j and j.st == '3' and j.at == tonumber(ARGV[n + 1]) then
    call('ZADD', P .. 'run', ARGV[1], m)
    call('HSET', j.key, 'dur', ARGV[2])
    answers[#answers + 1] = j.can == '' and 1 or 3
  else
    answers[#answers + 1] = 0
  end
end
return answers
