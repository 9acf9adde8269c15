-- ARGV: node, seconds it counts as alive, steady now, '1' to give every running job a fresh lease even when other nodes live.
-- Nodes are told apart by the server's own clock, whatever the callers' clocks say.
local now = tonumber(call('TIME')[1])
for _, dead in ipairs(call('ZRANGE', P .. 'nodes', '-inf', now, 'BYSCORE')) do
  call('ZREM', P .. 'nodes', dead)
  call('UNLINK', P .. 'lim:' .. dead)
end
local alone = call('EXISTS', P .. 'nodes') == 0
call('ZADD', P .. 'nodes', now + tonumber(ARGV[2]), ARGV[1])
if not alone and ARGV[4] ~= '1' then return 0 end
local running = call('ZRANGE', P .. 'run', 0, -1)
load(running)
for _, m in ipairs(running) do enter(P .. 'run', string.format('%.0f', tonumber(ARGV[3]) + tonumber(jobs[m].v[LENGTH])), m) end
flush()
return #running
