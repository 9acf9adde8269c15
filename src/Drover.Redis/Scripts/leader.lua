-- ARGV: node, milliseconds; 0 to step down. The key goes by itself when its node does.
local key, holder = P .. 'leader', call('GET', P .. 'leader')
if ARGV[2] == '0' then
  if holder == ARGV[1] then call('DEL', key) end
  return 0
end
if holder and holder ~= ARGV[1] then return 0 end
call('SET', key, ARGV[1], 'PX', ARGV[2])
return 1
