-- ARGV: now in ticks and in microseconds, most waiting jobs of a queue or '', idempotency period; how many kinds, and of each
-- its line, number of indexes, these; then requests: key, fingerprint, number of jobs, and of each job its kind, spec, and payload
-- when it is not small. A job with a unique key or that is due later has, with blanks between: kind, due in ticks and microseconds, set, key.
local ticks, now, most, period = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local first = tonumber(call('GET', P .. 'seq') or '0')
-- What this script accepted: how many of a queue, the ids, and by number who holds unique keys.
local seq, queues, fresh, held, at = first, {}, {}, {}, 6

local kinds = {}
for n = 1, tonumber(ARGV[5]) do
  local kind = { line = line(ARGV[at]), indexes = {}, digits = {} }
  local more = tonumber(ARGV[at + 1])
  for i = 1, more do kind.indexes[i] = ARGV[at + 1 + i] end
  kind.indexes[more + 1] = 'p' .. kind.line.pr
  kinds[tostring(n)] = kind
  at = at + 2 + more
end

-- Counts the new jobs of a kind and puts them into its indexes: once for all of one thousand.
local function settle(kind)
  local n = #kind.digits
  if n == 0 then return end
  post(kind.indexes, kind.thousand, table.concat(kind.digits), n)
  kind.digits = {}
end

local function index(kind, m)
  if kind.thousand ~= thousand(m) then
    settle(kind)
    kind.thousand = thousand(m)
  end
  kind.digits[#kind.digits + 1] = digits(m)
end

local function refuse(asked)
  if most then
    local new, order, keys = {}, {}, {}
    for _, j in ipairs(asked) do
      local q = j.kind.line.q
      local counts = j.uk == '' or (not keys[j.uk] and call('HEXISTS', P .. 'uk', j.uk) == 0)
      if j.uk ~= '' then keys[j.uk] = true end
      if counts then
        if not new[q] then order[#order + 1] = q end
        new[q] = (new[q] or 0) + 1
      end
    end
    for _, q in ipairs(order) do
      local waiting = queues[q] or 0
      for _, n in ipairs(call('HMGET', QC, '1' .. q, '2' .. q, '4' .. q)) do waiting = waiting + tonumber(n or 0) end
      if waiting + new[q] > most then return { 'full', q } end
    end
  end
  for _, j in ipairs(asked) do
    if j.known or fresh[j.id] then return { 'taken', j.id } end
  end
end

-- The job that has the unique key already, with its status.
local function holder(key)
  local m = call('HGET', P .. 'uk', key)
  if not m or held[m] then return m and held[m] end
  load({ m })
  return spec(m)[1] .. jobs[m].v[ST]
end

local function accept(j)
  local present = j.uk ~= '' and holder(j.uk)
  if present then return present .. '1' end
  local l, st = j.kind.line, j.due and 1 or 2
  seq = seq + 1
  local m = string.format('%012d', seq)
  put(SPEC, m, j.spec)
  put(P .. 'ids', j.id, m)
  if j.pay ~= '' then put(P .. 'pay', m, j.pay) end
  if j.due or j.uk ~= '' then put(JOB, m, cmsgpack.pack({ st, l.text, j.uk, 0, 0, j.due and '' or ticks, j.due or '', '', '', '', '', 0, '', '', '', '' })) end
  if j.due then enter(P .. 'w' .. j.set, j.micros, m) else stand(m, l) end
  if j.uk ~= '' then
    call('HSET', P .. 'uk', j.uk, m)
    held[m] = j.id .. st
  end
  index(j.kind, m)
  tally(m, l, st, 1)
  fresh[j.id] = true
  queues[l.q] = (queues[l.q] or 0) + 1
  return j.id .. st .. '0'
end

local function request(key, print, asked)
  if key ~= '' then
    local known = call('HGET', P .. 'ik', key)
    if known then
      local first = cmsgpack.unpack(known)
      if now - first[1] < period then
        if first[2] ~= print then return { 'conflict', '' } end
        return { 'replayed', first[3] }
      end
    end
  end
  local refused = refuse(asked)
  if refused then return refused end
  local told = {}
  for n, j in ipairs(asked) do told[n] = accept(j) end
  local text = table.concat(told)
  if key ~= '' then
    call('HSET', P .. 'ik', key, cmsgpack.pack({ now, print, text }))
    call('ZADD', P .. 'ikz', now, key)
  end
  return { 'done', text }
end

local requests, ids, all = {}, {}, {}
while at <= #ARGV do
  local asked, n = {}, tonumber(ARGV[at + 2])
  requests[#requests + 1] = { key = ARGV[at], print = ARGV[at + 1], asked = asked }
  at = at + 3
  for i = 1, n do
    local j = { id = idof(ARGV[at + 1]), spec = ARGV[at + 1], pay = ARGV[at + 2], kind = kinds[ARGV[at]], uk = '' }
    if not j.kind then
      local kind, due, micros, set, key = string.match(ARGV[at], '^(%d+) (%d*) (%d*) (.?) (.*)$')
      j.kind, j.uk = kinds[kind], key
      if due ~= '' then j.due, j.micros, j.set = due, micros, set end
    end
    asked[i], all[#all + 1], ids[#ids + 1] = j, j, j.id
    at = at + 3
  end
end
local known = find(ids)
for n, j in ipairs(all) do j.known = known[n] end
local answers = {}
for n, r in ipairs(requests) do answers[n] = request(r.key, r.print, r.asked) end

if seq > first then call('INCRBY', P .. 'seq', seq - first) end
for q in pairs(queues) do call('SADD', P .. 'qs', q) end
for _, kind in pairs(kinds) do settle(kind) end
flush()
return answers
