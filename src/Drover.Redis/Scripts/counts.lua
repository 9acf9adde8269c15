local counts, all = { 0, 0, 0, 0, 0, 0, 0 }, call('HGETALL', QC)
for n = 1, #all, 2 do
  local st = tonumber(string.sub(all[n], 1, 1))
  counts[st] = counts[st] + tonumber(all[n + 1])
end
return counts
