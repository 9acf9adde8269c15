-- ARGV: now in ticks and in microseconds, most waiting jobs of a queue or '', idempotency period, then requests:
-- key, fingerprint, number of jobs, then the jobs with 13 values and their indexes.
local ticks, micros, most, period = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local width = 13
-- What is the same for many jobs is written once, at the end: queues, lines, and how many of each status a queue has.
local queues, lines, counts = {}, {}, {}

local function read(at)
  local v = {}
  for n = 1, width do v[n] = ARGV[at + n - 1] end
  local j = { id = v[1], q = v[2], needs = v[3], lk = v[4], pr = v[5], uk = v[6], spec = v[7], pay = v[8], to = v[9], due = v[10], dueu = v[11], set = v[12], ix = {} }
  for n = 1, tonumber(v[13]) do j.ix[n] = ARGV[at + width + n - 1] end
  return j, at + width + #j.ix
end

local function refuse(jobs)
  if most then
    local fresh, order, keys = {}, {}, {}
    for _, j in ipairs(jobs) do
      local new = j.uk == '' or (not keys[j.uk] and call('HEXISTS', P .. 'uk', j.uk) == 0)
      if j.uk ~= '' then keys[j.uk] = true end
      if new then
        if not fresh[j.q] then order[#order + 1] = j.q end
        fresh[j.q] = (fresh[j.q] or 0) + 1
      end
    end
    for _, q in ipairs(order) do
      local stored = call('HMGET', P .. 'qc', '1' .. q, '2' .. q, '4' .. q)
      local waiting = tonumber(stored[1] or 0) + tonumber(stored[2] or 0) + tonumber(stored[3] or 0) + (counts['1' .. q] or 0) + (counts['2' .. q] or 0)
      if waiting + fresh[q] > most then return { 'full', q } end
    end
  end
  for _, j in ipairs(jobs) do
    if find(j.id) then return { 'taken', j.id } end
  end
end

local function accept(j)
  if j.uk ~= '' then
    local present = call('HGET', P .. 'uk', j.uk)
    if present then
      local v = call('HMGET', P .. 'j:' .. present, 'id', 'st')
      return v[1] .. v[2] .. '1'
    end
  end
  local seq = call('INCR', P .. 'seq')
  j.m = string.format('%012d', seq)
  j.key = P .. 'j:' .. j.m
  j.st = j.to
  local fields = { 'id', j.id, 'q', j.q, 'needs', j.needs, 'lk', j.lk, 'pr', j.pr, 'uk', j.uk, 'spec', j.spec, 'cr', ticks, 'at', 0, 'used', 0, 'st', j.st }
  local function field(name, value) fields[#fields + 1], fields[#fields + 2] = name, value end
  if j.pay ~= '' then field('pay', j.pay) end
  if #j.ix > 0 then field('ix', cmsgpack.pack(j.ix)) end
  if j.st == '1' then
    field('due', j.due)
    call('ZADD', P .. 'w' .. j.set, j.dueu, j.m)
  else
    field('rdy', ticks)
    field('rdyu', micros)
    call('ZADD', P .. 'l:' .. j.q .. '\n' .. line(j), seq, j.m)
    lines[P .. 'lines:' .. j.q .. '\0' .. line(j)] = j
  end
  call('HSET', j.key, unpack(fields))
  call('HSET', P .. 'ids', j.id, j.m)
  call('ZADD', P .. 'all', seq, j.m)
  call('ZADD', P .. 'p:' .. j.pr, seq, j.m)
  call('ZADD', P .. 's:' .. j.st, seq, j.m)
  for _, name in ipairs(j.ix) do call('ZADD', P .. 'ix:' .. name, seq, j.m) end
  if j.uk ~= '' then call('HSET', P .. 'uk', j.uk, j.m) end
  queues[j.q] = true
  counts[j.st .. j.q] = (counts[j.st .. j.q] or 0) + 1
  return j.id .. j.st .. '0'
end

local function request(key, print, jobs)
  if key ~= '' then
    local known = call('HGET', P .. 'ik', key)
    if known then
      local first = cmsgpack.unpack(known)
      if micros - first[1] < period then
        if first[2] ~= print then return { 'conflict', '' } end
        return { 'replayed', first[3] }
      end
    end
  end
  local refused = refuse(jobs)
  if refused then return refused end
  local told = {}
  for n, j in ipairs(jobs) do told[n] = accept(j) end
  local text = table.concat(told)
  if key ~= '' then
    call('HSET', P .. 'ik', key, cmsgpack.pack({ micros, print, text }))
    call('ZADD', P .. 'ikz', micros, key)
  end
  return { 'done', text }
end

local answers, at = {}, 5
while at <= #ARGV do
  local key, print, count, jobs = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), {}
  at = at + 3
  for n = 1, count do jobs[n], at = read(at) end
  answers[#answers + 1] = request(key, print, jobs)
end
for q in pairs(queues) do call('SADD', P .. 'qs', q) end
for _, j in pairs(lines) do call('SADD', P .. 'lines:' .. j.q, line(j)) end
for name, n in pairs(counts) do call('HINCRBY', P .. 'qc', name, n) end
return answers
