-- ARGV: now in ticks and microseconds, the lease's end and length, worker, instance, most, starvation period or '', shell, seed, node,
-- then counted lists: task types, labels, strict queues, queues with their weights, and limit keys with how many may be leased.
-- Answers six values a job: spec, payload when it is not small, attempt, attempts used, since when it was ready, its last line of output.
local ticks, now, ends, length, worker, instance = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most, period, shell, node = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1', ARGV[11]
math.randomseed(tonumber(ARGV[10]))
local at = 12
local function counted()
  local n, values = tonumber(ARGV[at]), {}
  for i = 1, n do values[i] = ARGV[at + i] end
  at = at + n + 1
  return values
end
local function set()
  local values = {}
  for _, v in ipairs(counted()) do values[v] = true end
  return values
end
local types, labels, strict, asked = set(), set(), set(), counted()
local permits, bound = {}, counted()
for i = 1, #bound, 2 do permits[bound[i]] = tonumber(bound[i + 1]) end

local function satisfies(needs)
  local first = true
  for part in string.gmatch(needs .. ';', '([^;]*);') do
    if first then
      first = false
      if part == 'shell' then
        if not shell then return false end
      elseif not types[string.sub(part, 6)] then return false end
    elseif not labels[part] then return false end
  end
  return true
end

local limits, running = {}, {}
local function reached(key, hash, field)
  if permits[key] and permits[key] <= 0 then return true end
  if limits[key] == nil then
    limits[key] = tonumber(call('HGET', P .. 'lim:' .. node, key) or '') or false
    running[key] = limits[key] and tonumber(call('HGET', hash, field) or '0')
  end
  return limits[key] and running[key] >= limits[key]
end
local function full(lk) return lk ~= '' and reached(lk, P .. 'lk', lk) end
local function qfull(q) return reached('queue:' .. q, QC, '3' .. q) end
local function taking(key)
  if running[key] then running[key] = running[key] + 1 end
  if permits[key] then permits[key] = permits[key] - 1 end
end

-- A line's jobs are read some at a time, as many as may be needed of it when all lines give alike.
local share
local function look(l)
  if l.at == #l.members then
    local found = call('ZRANGE', l.key, l.read, l.read + share - 1)
    l.members, l.at, l.read = found, 0, l.read + #found
    load(found, l.line.text)
  end
  l.at = l.at + 1
  l.m = l.members[l.at]
  if not l.m then return end
  l.urgency = l.pr
  if period and not strict[l.q] then
    local waited = now - micros(jobs[l.m].v[READY])
    if waited > 0 then l.urgency = math.max(1, l.pr - math.floor(waited / period)) end
  end
end

local queues, seen, able = {}, {}, 0
local function add(q, weight)
  if seen[q] then return end
  seen[q] = true
  if call('SISMEMBER', P .. 'paused', q) == 1 then return end
  local mine = {}
  for _, name in ipairs(call('SMEMBERS', P .. 'lines:' .. q)) do
    local l = line(q .. '\n' .. name)
    if satisfies(l.needs) then
      mine[#mine + 1] = { line = l, key = l.key, q = q, lk = l.lk, pr = tonumber(l.pr), members = {}, at = 0, read = 0, taken = 0 }
      able = able + 1
    end
  end
  if #mine > 0 then queues[#queues + 1] = { q = q, weight = weight, lines = mine } end
end
local named = {}
for i = 1, #asked, 2 do named[asked[i]] = true end
for i = 1, #asked, 2 do
  local weight = tonumber(asked[i + 1])
  if asked[i] ~= '*' then add(asked[i], weight)
  else
    for _, q in ipairs(call('SMEMBERS', P .. 'qs')) do
      if not named[q] then add(q, weight) end
    end
  end
end

share = math.ceil(most / math.max(1, able))
for _, queue in ipairs(queues) do
  for _, l in ipairs(queue.lines) do look(l) end
end

local function before(a, b) return a.urgency < b.urgency or (a.urgency == b.urgency and a.m < b.m) end

local function best(queue)
  local first
  if qfull(queue.q) then return nil end
  for _, l in ipairs(queue.lines) do
    if l.m and not full(l.lk) and (not first or before(l, first)) then first = l end
  end
  return first
end

local function next()
  local firsts, total, equal = {}, 0, true
  for _, queue in ipairs(queues) do
    local l = best(queue)
    if l then
      firsts[#firsts + 1] = { l = l, weight = queue.weight }
      total = total + queue.weight
      equal = equal and queue.weight == firsts[1].weight
    end
  end
  if #firsts == 0 then return nil end
  if equal then
    local first = firsts[1].l
    for _, f in ipairs(firsts) do if before(f.l, first) then first = f.l end end
    return first
  end
  local draw = math.random(0, total - 1)
  for _, f in ipairs(firsts) do
    draw = draw - f.weight
    if draw < 0 then return f.l end
  end
end

local taken, numbers = {}, {}
while #taken < most do
  local l = next()
  if not l then break end
  local j = jobs[l.m]
  local v = j.v
  if atstart(j) then freekey(j) end
  l.taken = l.taken + 1
  status(j, 3)
  if v[AT] > 0 then put(P .. 'past', j.m .. ':' .. v[AT], v[START] .. '\n' .. v[END] .. '\n' .. v[WORKER]) end
  v[AT], v[START], v[WORKER], v[INSTANCE], v[LENGTH] = v[AT] + 1, ticks, worker, instance, length
  enter(P .. 'run', ends, j.m)
  if l.lk ~= '' then
    count(P .. 'lk', l.lk, 1)
    taking(l.lk)
  end
  taking('queue:' .. l.q)
  numbers[#numbers + 1] = j.m
  taken[#taken + 1] = j
  look(l)
end
for _, queue in ipairs(queues) do
  for _, l in ipairs(queue.lines) do
    if l.taken > 0 then
      call('ZREMRANGEBYRANK', l.key, 0, l.taken - 1)
      touched[l.line] = true
    end
  end
end
loadspecs(numbers)
local pays, printed, leases = some(P .. 'pay', numbers), some(P .. 'os', numbers), {}
for n, j in ipairs(taken) do
  local at = 6 * (n - 1)
  leases[at + 1], leases[at + 2], leases[at + 3] = specs[j.m], pays[n] or '', j.v[AT]
  leases[at + 4], leases[at + 5], leases[at + 6] = j.v[USED], j.v[READY], printed[n] or '0'
end
flush()
return leases
