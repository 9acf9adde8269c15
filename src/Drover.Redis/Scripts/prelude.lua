-- Before every script. All keys of one Drover begin with the hash tag in KEYS[1], so that a cluster keeps them in one slot.
-- A job is the hash j:SEQ. SEQ is written with 12 digits, so that members of a sorted set with equal scores stand in order of acceptance.
local P = KEYS[1] .. ':'
local call = redis.call

local function find(id) return call('HGET', P .. 'ids', id) end

local function fetch(m)
  local v = call('HMGET', P .. 'j:' .. m, 'st', 'q', 'needs', 'lk', 'pr', 'at', 'used', 'can', 'w', 'uk', 'id')
  if not v[1] then return nil end
  return { m = m, key = P .. 'j:' .. m, st = v[1], q = v[2], needs = v[3], lk = v[4], pr = v[5], at = tonumber(v[6]), used = v[7],
    can = v[8] or '', w = v[9] or '', uk = v[10], id = v[11] }
end

local function final(st) return st == '5' or st == '6' or st == '7' end

local function finished(st) return st == '6' and P .. 'ff' or P .. 'fc' end

-- The sets by status, and how many of each status a queue has.
local function status(j, to)
  if j.st then
    call('ZREM', P .. 's:' .. j.st, j.m)
    call('HINCRBY', P .. 'qc', j.st .. j.q, -1)
  end
  j.st = to
  if to then
    call('ZADD', P .. 's:' .. to, tonumber(j.m), j.m)
    call('HINCRBY', P .. 'qc', to .. j.q, 1)
    call('HSET', j.key, 'st', to)
  end
end

local function line(j) return j.needs .. '\n' .. j.lk .. '\n' .. j.pr end

local function takeout(j)
  if j.st == '2' then
    local key = P .. 'l:' .. j.q .. '\n' .. line(j)
    call('ZREM', key, j.m)
    if call('EXISTS', key) == 0 then call('SREM', P .. 'lines:' .. j.q, line(j)) end
  elseif j.st == '1' or j.st == '4' then
    call('ZREM', P .. 'wd', j.m)
    call('ZREM', P .. 'wt', j.m)
  elseif j.st == '3' then
    call('ZREM', P .. 'run', j.m)
    call('SREM', P .. 'w:' .. j.w, j.m)
    if j.lk ~= '' and call('HINCRBY', P .. 'lk', j.lk, -1) <= 0 then call('HDEL', P .. 'lk', j.lk) end
  end
end

local function stand(j)
  call('ZADD', P .. 'l:' .. j.q .. '\n' .. line(j), tonumber(j.m), j.m)
  call('SADD', P .. 'lines:' .. j.q, line(j))
end

local function ready(j, ticks, micros)
  status(j, '2')
  call('HSET', j.key, 'rdy', ticks, 'rdyu', micros)
  stand(j)
end

-- set: 'd' for a delay on the steady clock, 't' for a time on the wall clock.
local function wait(j, st, set, ticks, micros)
  status(j, st)
  call('HSET', j.key, 'due', ticks)
  call('ZADD', P .. 'w' .. set, micros, j.m)
end

-- A unique key that ends in a line break is free once its job has started; another job may hold it when this one ends.
local function atstart(j) return string.sub(j.uk, -1) == '\n' end

local function freekey(j)
  if j.uk ~= '' and call('HGET', P .. 'uk', j.uk) == j.m then call('HDEL', P .. 'uk', j.uk) end
end

local function finish(j, st, ticks, micros)
  status(j, st)
  call('HSET', j.key, 'fin', ticks)
  call('ZADD', finished(st), micros, j.m)
  freekey(j)
end

local function remove(j)
  call('ZREM', P .. 'all', j.m)
  call('ZREM', P .. 'p:' .. j.pr, j.m)
  call('ZREM', finished(j.st), j.m)
  local ix = call('HGET', j.key, 'ix')
  if ix then
    for _, name in ipairs(cmsgpack.unpack(ix)) do call('ZREM', P .. 'ix:' .. name, j.m) end
  end
  call('HDEL', P .. 'ids', j.id)
  call('UNLINK', j.key, P .. 'o:' .. j.m)
  status(j, nil)
end

-- 0 done, 1 accepted, 2 not found, 3 conflict, 4 lease lost, as in ChangeResult; 9: what the caller knew has changed, ask again.
local function answer(j, result, from) return { j.id, result, from, j.st, j.q, j.at, j.w } end

local function missing(id) return { id, 2, '0', '0', '', 0, '' } end
