-- ARGV: what to do, now in ticks and microseconds, who asks, then ids.
local what, ticks, micros, by, answers = ARGV[1], ARGV[2], ARGV[3], ARGV[4], {}
local ids = { unpack(ARGV, 5) }
local numbers = find(ids)
load(numbers)
local gone = {}

local function cancel(j)
  local v, from = j.v, j.v[ST]
  if final(from) then return 3 end
  if v[CANCEL] == '' then
    v[CANCEL], v[BY] = ticks, by
    save(j)
  end
  if from == 3 then return 1 end
  takeout(j)
  finish(j, 7, ticks, micros)
  return 0
end

local function retry(j)
  local v = j.v
  if v[ST] ~= 6 or (v[UK] ~= '' and not atstart(j) and call('HSETNX', P .. 'uk', v[UK], j.m) == 0) then return 3 end
  leave(P .. 'ff', j.m)
  v[USED], v[FIN], v[CANCEL], v[BY], v[DUE] = 0, '', '', '', ''
  ready(j, ticks)
  return 0
end

local function delete(j)
  if not final(j.v[ST]) then return 3 end
  gone[#gone + 1] = j
  jobs[j.m] = false
  return 0
end

local act = ({ cancel = cancel, retry = retry, delete = delete })[what]
for n = 1, #ids do
  local j = numbers[n] and jobs[numbers[n]]
  if j then
    local from = j.v[ST]
    local result = act(j)
    answers[n] = answer(j, result, from)
  else
    answers[n] = missing
  end
end
remove(gone)
flush()
return answers
