-- ARGV: the new end and length in microseconds, then id and attempt of each.
local ids, answers = {}, {}
for n = 3, #ARGV, 2 do ids[#ids + 1] = ARGV[n] end
local numbers = find(ids)
load(numbers)
for n = 1, #ids do
  local j = numbers[n] and jobs[numbers[n]]
  if j and j.v[ST] == 3 and j.v[AT] == tonumber(ARGV[2 + 2 * n]) then
    enter(P .. 'run', ARGV[1], j.m)
    if j.v[LENGTH] ~= ARGV[2] then
      j.v[LENGTH] = ARGV[2]
      save(j)
    end
    answers[n] = j.v[CANCEL] == '' and 1 or 3
  else
    answers[n] = 0
  end
end
flush()
return answers
