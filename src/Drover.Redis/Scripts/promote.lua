-- ARGV: now in ticks and microseconds, now on the steady clock, most. Answers the wait until the next in microseconds or -1, then the changes.
local ticks, wall, steady, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local due = {}
local function look(key, now)
  local found = call('ZRANGE', key, 0, most, 'WITHSCORES')
  for n = 1, #found, 2 do due[#due + 1] = { m = found[n], wait = tonumber(found[n + 1]) - now } end
end
look(P .. 'wd', steady)
look(P .. 'wt', wall)
table.sort(due, function(a, b) return a.wait < b.wait or (a.wait == b.wait and a.m < b.m) end)
local changes, n = {}, 1
while n <= most and due[n] and due[n].wait <= 0 do
  local j = fetch(due[n].m)
  local from = j.st
  takeout(j)
  ready(j, ticks, wall)
  changes[n] = answer(j, 0, from)
  n = n + 1
end
return { due[n] and string.format('%.0f', math.max(0, due[n].wait)) or '-1', changes }
