local counts = {}
for st = 1, 7 do counts[st] = call('ZCARD', P .. 's:' .. st) end
return counts
