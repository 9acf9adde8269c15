-- ARGV: for each job: id, queue, needs, limit key, priority, unique key or '', status, set ('d' or 't'), due in ticks and microseconds,
-- ready in ticks and microseconds, finished in microseconds, '1' when it holds its unique key, number of fields, these with their
-- values, number of indexes, these. A job that is there already is left as it is.
local at, told = 1, 0
while at <= #ARGV do
  local v = at
  local fields = v + 15
  local count = tonumber(ARGV[v + 14])
  local indexes = fields + 2 * count + 1
  local many = tonumber(ARGV[indexes - 1])
  at = indexes + many
  if not find(ARGV[v]) then
    local seq = call('INCR', P .. 'seq')
    local j = { id = ARGV[v], q = ARGV[v + 1], needs = ARGV[v + 2], lk = ARGV[v + 3], pr = ARGV[v + 4], uk = ARGV[v + 5] }
    j.m = string.format('%012d', seq)
    j.key = P .. 'j:' .. j.m
    call('HSET', j.key, 'id', j.id, 'q', j.q, 'needs', j.needs, 'lk', j.lk, 'pr', j.pr, 'uk', j.uk)
    for n = 0, count - 1 do call('HSET', j.key, ARGV[fields + 2 * n], ARGV[fields + 2 * n + 1]) end
    call('HSET', P .. 'ids', j.id, j.m)
    call('ZADD', P .. 'all', seq, j.m)
    call('ZADD', P .. 'p:' .. j.pr, seq, j.m)
    local ix = {}
    for n = 1, many do
      ix[n] = ARGV[indexes + n - 1]
      call('ZADD', P .. 'ix:' .. ix[n], seq, j.m)
    end
    if many > 0 then call('HSET', j.key, 'ix', cmsgpack.pack(ix)) end
    if ARGV[v + 13] == '1' then call('HSET', P .. 'uk', j.uk, j.m) end
    call('SADD', P .. 'qs', j.q)
    local to = ARGV[v + 6]
    if to == '2' then
      ready(j, ARGV[v + 10], ARGV[v + 11])
    elseif final(to) then
      status(j, to)
      call('ZADD', finished(to), ARGV[v + 12], j.m)
    else
      wait(j, to, ARGV[v + 7], ARGV[v + 8], ARGV[v + 9])
    end
    told = told + 1
  end
end
return told
