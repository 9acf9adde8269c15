-- Before every script. All keys of one Drover begin with the hash tag in KEYS[1], so that a cluster keeps them in one slot.
--
-- A job has a number, its place in the order of acceptance, written with 12 digits. What there is of it are fields of that
-- name in a few big hashes, so that one command reads or writes many jobs:
--   spec  what never changes, as the client packed it: id, when created, names of its indexes, its line when it was accepted, the
--         spec, and a small payload
--   pay   a payload that is not small
--   job   what changes: the values below, packed. A job that waits as it was accepted has none yet
--   os    the number of its last line of output, if any
--   out   NUMBER:ATTEMPT: how an attempt ended, unless it just completed
--   past  NUMBER:ATTEMPT: start, end and worker of an attempt before the latest
-- ids leads from id to number.
local P = KEYS[1] .. ':'
local call = redis.call
-- A line is queue, needs, limit key and priority, with line breaks between. Times are ticks since 1970 as text, '' for never.
local ST, LINE, UK, AT, USED, READY, DUE, START, WORKER, INSTANCE, LENGTH, ENDED, END, FIN, CANCEL, BY =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16

-- A command costs more than a value, and each is written to the append-only file by itself: writes are gathered over the
-- whole script and sent at the end, by flush, with as many values as there are.
local unlinks, erases, leaves, puts, enters, appends, counts, emptied, touched = {}, {}, {}, {}, {}, {}, {}, {}, {}

local function list(of, key)
  local l = of[key]
  if not l then
    l = {}
    of[key] = l
  end
  return l
end

-- Fields of a hash.
local function put(key, field, value)
  local l = list(puts, key)
  local n = #l
  l[n + 1], l[n + 2] = field, value
end

local function erase(key, field)
  local l = list(erases, key)
  l[#l + 1] = field
end

-- Members of a sorted set.
local function enter(key, score, member)
  local l = list(enters, key)
  local n = #l
  l[n + 1], l[n + 2] = score, member
end

local function leave(key, member)
  local l = list(leaves, key)
  l[#l + 1] = member
end

-- A number in a hash that goes when it is 0.
local function count(key, field, n)
  local fields = list(counts, key)
  fields[field] = (fields[field] or 0) + n
end

-- Values in pieces: Lua hands over some thousand at once. Pairs stay together.
local function many(command, key, values)
  for n = 1, #values, 4000 do call(command, key, unpack(values, n, math.min(n + 3999, #values))) end
end

-- Fields of a hash, read at once.
local function gets(key, fields)
  local found = {}
  for n = 1, #fields, 4000 do
    local some = call('HMGET', key, unpack(fields, n, math.min(n + 3999, #fields)))
    for i = 1, #some do found[n + i - 1] = some[i] end
  end
  return found
end

-- The same, where often there are none at all.
local function some(key, fields) return call('EXISTS', key) == 1 and gets(key, fields) or {} end

local JOB, SPEC, QC = P .. 'job', P .. 'spec', P .. 'qc'

-- Jobs that the script has read, by number: what one part changes the next one sees.
local jobs, changed, lines = {}, {}, {}

local function line(text)
  local l = lines[text]
  if not l then
    local q, needs, lk, pr = string.match(text, '^(.-)\n(.-)\n(.-)\n(%d+)$')
    l = { text = text, key = P .. 'l:' .. text, q = q, needs = needs, lk = lk, pr = pr, rest = string.sub(text, #q + 2), set = P .. 'lines:' .. q, qc = {} }
    for st = 1, 7 do l.qc[st] = st .. q end
    lines[text] = l
  end
  return l
end

local function find(ids) return gets(P .. 'ids', ids) end

-- What never changes of jobs, as it is stored.
local specs = {}
local function loadspecs(numbers)
  local unread = {}
  for n = 1, #numbers do
    if specs[numbers[n]] == nil then unread[#unread + 1] = numbers[n] end
  end
  local found = gets(SPEC, unread)
  for n = 1, #unread do specs[unread[n]] = found[n] end
end

-- Id and time stand at fixed places, so that they are found without unpacking.
local function idof(packed) return string.sub(packed, 3, 18) end
local function acceptedof(packed) return string.sub(packed, 20, 38) end

local function spec(m)
  loadspecs({ m })
  return cmsgpack.unpack(specs[m])
end

-- Reads jobs by number; some numbers may be false or of jobs that are gone. The line is given where all are known to stand in it.
local function load(numbers, standing)
  local unread, accepted = {}, {}
  for n = 1, #numbers do
    local m = numbers[n]
    if m and jobs[m] == nil then
      jobs[m] = false
      unread[#unread + 1] = m
    end
  end
  local found = gets(JOB, unread)
  for n = 1, #unread do
    if found[n] then
      jobs[unread[n]] = { m = unread[n], v = cmsgpack.unpack(found[n]) }
    else
      accepted[#accepted + 1] = unread[n]
    end
  end
  loadspecs(accepted)
  for _, m in ipairs(accepted) do
    if specs[m] then
      local text = standing or cmsgpack.unpack(specs[m])[4]
      jobs[m] = { m = m, v = { 2, text, '', 0, 0, acceptedof(specs[m]), '', '', '', '', '', 0, '', '', '', '' } }
    end
  end
end

local function save(j)
  if not j.dirty then
    j.dirty = true
    changed[#changed + 1] = j
  end
end

-- Jobs are counted by thousands of their numbers: n:s2 tells in which thousands there are queued ones, and how many. A list
-- with a filter looks through these only. n:p5 is by priority, n:t:TYPE and the like by what else a job can be found by;
-- of these ix:t:TYPE:THOUSAND tells the last three digits of each, in order. Jobs that are gone stay there until all are.
local function thousand(m) return string.sub(m, 1, 9) end
local byStatus = {}
for st = 1, 7 do byStatus[st] = P .. 'n:s' .. st end

local function digits(m) return string.sub(m, 10) end

local function post(names, group, those, n)
  for _, name in ipairs(names) do
    count(P .. 'n:' .. name, group, n)
    local l = list(appends, P .. 'ix:' .. name .. ':' .. group)
    l[#l + 1] = those
  end
end

local function unpost(name, m)
  count(P .. 'n:' .. name, thousand(m), -1)
  emptied[P .. 'n:' .. name] = P .. 'ix:' .. name .. ':'
end

local function tally(m, l, st, n)
  count(byStatus[st], thousand(m), n)
  count(QC, l.qc[st], n)
end

local function status(j, to)
  local l = line(j.v[LINE])
  tally(j.m, l, j.v[ST], -1)
  if to then
    j.v[ST] = to
    tally(j.m, l, to, 1)
    save(j)
  end
end

-- Of a time in ticks: a whole number that Lua can hold.
local function micros(ticks) return tonumber('0' .. string.sub(ticks, 1, -2)) end

local function final(st) return st >= 5 end

local function finished(st) return st == 6 and P .. 'ff' or P .. 'fc' end

local function takeout(j)
  local st, l = j.v[ST], line(j.v[LINE])
  if st == 2 then
    leave(l.key, j.m)
    touched[l] = true
  elseif st == 1 or st == 4 then
    leave(P .. 'wd', j.m)
    leave(P .. 'wt', j.m)
  elseif st == 3 then
    leave(P .. 'run', j.m)
    if l.lk ~= '' then count(P .. 'lk', l.lk, -1) end
  end
end

local function stand(m, l)
  enter(l.key, m, m)
  if not l.stands then
    l.stands = true
    call('SADD', l.set, l.rest)
  end
end

local function ready(j, ticks)
  status(j, 2)
  j.v[READY] = ticks
  stand(j.m, line(j.v[LINE]))
end

-- set: 'd' for a delay on the steady clock, 't' for a time on the wall clock.
local function wait(j, st, set, ticks, micros)
  status(j, st)
  j.v[DUE] = ticks
  enter(P .. 'w' .. set, micros, j.m)
end

-- A unique key that ends in a line break is free once its job has started; another job may hold it when this one ends.
local function atstart(j) return string.sub(j.v[UK], -1) == '\n' end

local function freekey(j)
  if j.v[UK] ~= '' and call('HGET', P .. 'uk', j.v[UK]) == j.m then call('HDEL', P .. 'uk', j.v[UK]) end
end

local function finish(j, st, ticks, micros)
  status(j, st)
  j.v[FIN] = ticks
  enter(finished(st), micros, j.m)
  freekey(j)
end

-- Finished jobs, with all that belongs to them.
local function remove(gone)
  local numbers = {}
  for n, j in ipairs(gone) do numbers[n] = j.m end
  loadspecs(numbers)
  for _, j in ipairs(gone) do
    local m, v, fixed = j.m, j.v, spec(j.m)
    status(j, nil)
    unpost('p' .. line(v[LINE]).pr, m)
    for _, name in ipairs(fixed[3]) do unpost(name, m) end
    leave(finished(v[ST]), m)
    erase(P .. 'ids', fixed[1])
    for _, key in ipairs({ JOB, SPEC, P .. 'pay', P .. 'os' }) do erase(key, m) end
    for attempt = 1, v[AT] do
      erase(P .. 'out', m .. ':' .. attempt)
      if attempt < v[AT] then erase(P .. 'past', m .. ':' .. attempt) end
    end
    unlinks[#unlinks + 1] = P .. 'o:' .. m
    jobs[m] = false
    j.dirty = true
  end
end

local function flush()
  for _, j in ipairs(changed) do
    if jobs[j.m] then put(JOB, j.m, cmsgpack.pack(j.v)) end
  end
  for key, fields in pairs(erases) do many('HDEL', key, fields) end
  for key, members in pairs(leaves) do many('ZREM', key, members) end
  for key, values in pairs(puts) do many('HSET', key, values) end
  for key, values in pairs(enters) do many('ZADD', key, values) end
  for key, digits in pairs(appends) do call('APPEND', key, table.concat(digits)) end
  for key, fields in pairs(counts) do
    for field, n in pairs(fields) do
      if n ~= 0 and call('HINCRBY', key, field, n) <= 0 then
        call('HDEL', key, field)
        if emptied[key] then unlinks[#unlinks + 1] = emptied[key] .. field end
      end
    end
  end
  for l in pairs(touched) do
    if call('EXISTS', l.key) == 0 then call('SREM', l.set, l.rest) end
  end
  for n = 1, #unlinks, 4000 do call('UNLINK', unpack(unlinks, n, math.min(n + 3999, #unlinks))) end
end

-- What became of a job: 0 done, 1 accepted, 2 not found, 3 conflict, 4 lease lost, as in ChangeResult, or 9: what the caller knew
-- has changed, ask again; its status before and after; then attempt, queue and worker.
local function answer(j, result, from)
  return result .. from .. j.v[ST] .. j.v[AT] .. '\n' .. line(j.v[LINE]).q .. '\n' .. j.v[WORKER]
end

local missing = '2000\n\n'
