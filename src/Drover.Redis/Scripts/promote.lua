-- ARGV: now in ticks and microseconds, now on the steady clock, most. Answers the wait until the next in microseconds or -1, then
-- id and change of each.
local ticks, wall, steady, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local due = {}
local function look(key, now)
  local found = call('ZRANGE', key, 0, most, 'WITHSCORES')
  for n = 1, #found, 2 do due[#due + 1] = { m = found[n], wait = tonumber(found[n + 1]) - now } end
end
look(P .. 'wd', steady)
look(P .. 'wt', wall)
table.sort(due, function(a, b) return a.wait < b.wait or (a.wait == b.wait and a.m < b.m) end)
local numbers, changes = {}, {}
while #numbers < most and due[#numbers + 1] and due[#numbers + 1].wait <= 0 do numbers[#numbers + 1] = due[#numbers + 1].m end
load(numbers)
loadspecs(numbers)
for n, m in ipairs(numbers) do
  local j = jobs[m]
  local from = j.v[ST]
  takeout(j)
  ready(j, ticks)
  changes[n] = { idof(specs[m]), answer(j, 0, from) }
end
flush()
local later = due[#numbers + 1]
return { later and string.format('%.0f', math.max(0, later.wait)) or '-1', changes }
