-- ARGV: what, kind, id, version or '', folded name, the new document. A document begins with its version and a bar.
local what, kind, id = ARGV[1], ARGV[2], ARGV[3]
local docs, names, folds = P .. 'c:' .. kind, P .. 'cn:' .. kind, P .. 'cf:' .. kind
local present = call('HGET', docs, id)
if what == 'create' then
  if present then return 'id' end
elseif not present or string.match(present, '^(%d+)|') ~= ARGV[4] then
  return 'stale'
end
if what == 'delete' then
  call('HDEL', names, call('HGET', folds, id))
  call('HDEL', folds, id)
  call('HDEL', docs, id)
  return 'done'
end
local other = call('HGET', names, ARGV[5])
if other and other ~= id then return 'name' end
if present then call('HDEL', names, call('HGET', folds, id)) end
call('HSET', names, ARGV[5], id)
call('HSET', folds, id, ARGV[5])
call('HSET', docs, id, ARGV[6])
return 'done'
