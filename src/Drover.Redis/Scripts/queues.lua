local names, answers = call('SMEMBERS', P .. 'qs'), {}
for n, q in ipairs(names) do
  local depth, oldest = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, nil
  for _, name in ipairs(call('SMEMBERS', P .. 'lines:' .. q)) do
    local l = line(q .. '\n' .. name)
    local pr = tonumber(l.pr)
    depth[pr] = depth[pr] + call('ZCARD', l.key)
    local head = call('ZRANGE', l.key, 0, 0)[1]
    load({ head })
    local since = jobs[head].v[READY]
    if not oldest or micros(since) < micros(oldest) then oldest = since end
  end
  local counts = call('HMGET', QC, '1' .. q, '4' .. q, '3' .. q)
  answers[n] = { q, call('SISMEMBER', P .. 'paused', q), counts[1] or '0', counts[2] or '0', counts[3] or '0', oldest or '', unpack(depth) }
end
return answers
