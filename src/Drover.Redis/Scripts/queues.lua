local names, answers = call('SMEMBERS', P .. 'qs'), {}
for n, q in ipairs(names) do
  local depth, oldest, oldestTicks = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, nil, ''
  for _, name in ipairs(call('SMEMBERS', P .. 'lines:' .. q)) do
    local key = P .. 'l:' .. q .. '\n' .. name
    local pr = tonumber(string.match(name, '(%d+)$'))
    depth[pr] = depth[pr] + call('ZCARD', key)
    local head = call('ZRANGE', key, 0, 0)[1]
    local v = call('HMGET', P .. 'j:' .. head, 'rdyu', 'rdy')
    if not oldest or tonumber(v[1]) < oldest then oldest, oldestTicks = tonumber(v[1]), v[2] end
  end
  local counts = call('HMGET', P .. 'qc', '1' .. q, '4' .. q, '3' .. q)
  answers[n] = { q, call('SISMEMBER', P .. 'paused', q), counts[1] or '0', counts[2] or '0', counts[3] or '0', oldestTicks, unpack(depth) }
end
return answers
