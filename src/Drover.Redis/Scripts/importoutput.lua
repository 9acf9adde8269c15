-- ARGV: id, then seq and entry of each.
local m = find({ ARGV[1] })[1]
if not m then return 0 end
local last = tonumber(call('HGET', P .. 'os', m) or '0')
for n = 2, #ARGV, 2 do
  local seq = tonumber(ARGV[n])
  if call('ZCOUNT', P .. 'o:' .. m, seq, seq) == 0 then call('ZADD', P .. 'o:' .. m, seq, ARGV[n + 1]) end
  last = math.max(last, seq)
end
call('HSET', P .. 'os', m, string.format('%.0f', last))
return 1
