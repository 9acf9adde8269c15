-- ARGV: what to do, now in ticks and microseconds, who asks, then ids.
local what, ticks, micros, by, answers = ARGV[1], ARGV[2], ARGV[3], ARGV[4], {}

local function cancel(j)
  local from = j.st
  if final(from) then return 3 end
  if j.can == '' then
    call('HSET', j.key, 'can', ticks)
    if by ~= '' then call('HSET', j.key, 'cby', string.sub(by, 2)) end
  end
  if from == '3' then return 1 end
  takeout(j)
  finish(j, '7', ticks, micros)
  return 0
end

local function retry(j)
  if j.st ~= '6' or (j.uk ~= '' and not atstart(j) and call('HSETNX', P .. 'uk', j.uk, j.m) == 0) then return 3 end
  call('ZREM', P .. 'ff', j.m)
  call('HSET', j.key, 'used', 0)
  call('HDEL', j.key, 'fin', 'can', 'cby', 'due')
  ready(j, ticks, micros)
  return 0
end

local function delete(j)
  if not final(j.st) then return 3 end
  local last = j.st
  remove(j)
  j.st = last
  return 0
end

local act = ({ cancel = cancel, retry = retry, delete = delete })[what]
for n = 5, #ARGV do
  local m = find(ARGV[n])
  local j = m and fetch(m)
  if j then
    local from = j.st
    local result = act(j)
    answers[#answers + 1] = answer(j, result, from)
  else
    answers[#answers + 1] = missing(ARGV[n])
  end
end
return answers
