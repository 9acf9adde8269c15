-- ARGV: now in ticks and microseconds, the lease's end and length, worker, instance, most, starvation period or '', shell, seed, node,
-- then counted lists: task types, labels, strict queues, queues with their weights, and limit keys with how many may be leased.
local ticks, now, ends, length, worker, instance = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most, period, shell, node = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1', ARGV[11]
math.randomseed(tonumber(ARGV[10]))
local at = 12
local function list()
  local n, values = tonumber(ARGV[at]), {}
  for i = 1, n do values[i] = ARGV[at + i] end
  at = at + n + 1
  return values
end
local function set()
  local values = {}
  for _, v in ipairs(list()) do values[v] = true end
  return values
end
local types, labels, strict, asked = set(), set(), set(), list()
local permits, bound = {}, list()
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
    running[key] = limits[key] and tonumber(call('HGET', P .. hash, field) or '0')
  end
  return limits[key] and running[key] >= limits[key]
end
local function full(lk) return lk ~= '' and reached(lk, 'lk', lk) end
local function qfull(q) return reached('queue:' .. q, 'qc', '3' .. q) end
local function count(key)
  if running[key] then running[key] = running[key] + 1 end
  if permits[key] then permits[key] = permits[key] - 1 end
end

local function look(l)
  l.m = call('ZRANGE', l.key, 0, 0)[1]
  if not l.m then return end
  l.urgency = l.pr
  if period and not strict[l.q] then
    local waited = now - tonumber(call('HGET', P .. 'j:' .. l.m, 'rdyu'))
    if waited > 0 then l.urgency = math.max(1, l.pr - math.floor(waited / period)) end
  end
end

local queues, seen = {}, {}
local function add(q, weight)
  if seen[q] then return end
  seen[q] = true
  if call('SISMEMBER', P .. 'paused', q) == 1 then return end
  local lines = {}
  for _, name in ipairs(call('SMEMBERS', P .. 'lines:' .. q)) do
    local needs, lk, pr = string.match(name, '^(.-)\n(.-)\n(%d+)$')
    if satisfies(needs) then
      local l = { key = P .. 'l:' .. q .. '\n' .. name, q = q, lk = lk, pr = tonumber(pr) }
      look(l)
      if l.m then lines[#lines + 1] = l end
    end
  end
  if #lines > 0 then queues[#queues + 1] = { q = q, weight = weight, lines = lines } end
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

local leases = {}
while #leases < most do
  local l = next()
  if not l then break end
  local j = fetch(l.m)
  takeout(j)
  status(j, '3')
  if atstart(j) then freekey(j) end
  local attempt = j.at + 1
  call('HSET', j.key, 'at', attempt, 'sat', ticks, 'w', worker, 'inst', instance, 'dur', length, 'a' .. attempt, ticks .. '\n' .. worker)
  call('ZADD', P .. 'run', ends, j.m)
  call('SADD', P .. 'w:' .. worker, j.m)
  if j.lk ~= '' then
    call('HINCRBY', P .. 'lk', j.lk, 1)
    count(j.lk)
  end
  count('queue:' .. j.q)
  local v = call('HMGET', j.key, 'spec', 'pay', 'rdy', 'os')
  leases[#leases + 1] = { j.id, attempt, v[1], v[2] or '', v[3], v[4] or '0', j.used }
  look(l)
end
return leases
