-- ARGV: now in ticks and microseconds, a steady time by which the leases must have run out or '', how many plans, and of each:
-- attempts used as the caller knows, and what follows without and with a cancel request: status, attempts used, due in ticks,
-- due in microseconds. Then for each attempt that ended: id, attempt, plan, outcome or '' when it just completed.
local ticks, micros, expired, answers = ARGV[1], ARGV[2], tonumber(ARGV[3]), {}
local begin = 5 + 9 * tonumber(ARGV[4])
local ids = {}
for n = begin, #ARGV, 4 do ids[#ids + 1] = ARGV[n] end
local numbers = find(ids)
load(numbers)

-- What the n-th plan says of a job: status, attempts used, due in ticks, due in microseconds.
local function plan(n, canceled)
  local at = 6 + 9 * (n - 1) + (canceled and 4 or 0)
  return tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
end

local function stop(j, attempt, number, outcome)
  local v = j.v
  if v[ST] ~= 3 or v[AT] ~= attempt then return answer(j, 4, v[ST]) end
  if expired and tonumber(call('ZSCORE', P .. 'run', j.m)) > expired then return answer(j, 4, v[ST]) end
  if v[USED] ~= tonumber(ARGV[5 + 9 * (number - 1)]) then return answer(j, 9, v[ST]) end
  local to, used, due, dueMicros = plan(number, v[CANCEL] ~= '')
  takeout(j)
  v[USED], v[ENDED], v[END] = used, attempt, ticks
  if outcome ~= '' then put(P .. 'out', j.m .. ':' .. attempt, outcome) end
  if final(to) then
    finish(j, to, ticks, micros)
  elseif to == 2 then
    v[DUE] = ''
    ready(j, ticks)
  else
    wait(j, to, 'd', due, dueMicros)
  end
  return answer(j, 0, 3)
end

for n, id in ipairs(ids) do
  local at = begin + 4 * (n - 1)
  local j = numbers[n] and jobs[numbers[n]]
  answers[n] = j and stop(j, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]) or missing
end
flush()
return answers
