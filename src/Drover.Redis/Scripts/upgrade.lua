-- Brings jobs from how schema 1 kept them, a hash for each and sorted sets to list them by, to what the prelude describes.
-- ARGV: most, this schema's number. Answers how many it moved, which is less than most at the end, or -1 while nodes live, which know
-- schema 1 only. From the first job on no such node starts.
if call('EXISTS', P .. 'all') == 0 then return 0 end
if call('ZCOUNT', P .. 'nodes', '(' .. call('TIME')[1], '+inf') > 0 then return -1 end
call('SET', P .. 'schema', ARGV[2])
local most = tonumber(ARGV[1])

local function binary(id) return (string.gsub(id, '%x%x', function(pair) return string.char(tonumber(pair, 16)) end)) end

-- Ticks since the year 1 are more than Lua can reckon with: all but the last seven digits are seconds.
local function time(ticks)
  if not ticks or ticks == '' then return '' end
  return string.format('%012d', tonumber(string.sub(ticks, 1, -8)) - 62135596800) .. string.sub(ticks, -7)
end

local function move(m)
  local old, all = {}, call('HGETALL', P .. 'j:' .. m)
  for n = 1, #all, 2 do old[all[n]] = all[n + 1] end
  local id, text = binary(old.id), old.q .. '\n' .. old.needs .. '\n' .. old.lk .. '\n' .. old.pr
  local at, ended = tonumber(old.at), tonumber(old.lo or '0')
  local names = old.ix and cmsgpack.unpack(old.ix) or {}
  local pay = old.pay or ''
  local small = #pay <= 1024
  if not small then put(P .. 'pay', m, pay) end
  put(SPEC, m, cmsgpack.pack({ id, time(old.cr), names, text, old.spec, small and pay or '' }))
  local stop = ''
  for n = 1, at do
    local start, worker = string.match(old['a' .. n], '^(%d+)\n(.*)$')
    local finish, outcome = string.match(old['f' .. n] or '', '^(%d+)\n(.*)$')
    if finish then put(P .. 'out', m .. ':' .. n, outcome) end
    if n < at then put(P .. 'past', m .. ':' .. n, time(start) .. '\n' .. time(finish) .. '\n' .. worker) end
    if n == ended then stop = time(finish) end
  end
  put(JOB, m, cmsgpack.pack({ tonumber(old.st), text, old.uk, at, tonumber(old.used), time(old.rdy), time(old.due), time(old.sat), old.w or '',
    old.inst or '', old.dur or '', ended, stop, time(old.fin), time(old.can), old.cby and '=' .. old.cby or '' }))
  if old.os then put(P .. 'os', m, old.os) end
  erase(P .. 'ids', old.id)
  call('HSET', P .. 'ids', id, m)
  for _, name in ipairs(names) do unlinks[#unlinks + 1] = P .. 'ix:' .. name end
  if old.w then unlinks[#unlinks + 1] = P .. 'w:' .. old.w end
  unlinks[#unlinks + 1] = P .. 'j:' .. m
  names[#names + 1] = 'p' .. old.pr
  post(names, thousand(m), digits(m), 1)
  -- Queues have their counts already.
  count(byStatus[tonumber(old.st)], thousand(m), 1)
  leave(P .. 'all', m)
end

local numbers = call('ZRANGE', P .. 'all', 0, most - 1)
for _, m in ipairs(numbers) do move(m) end
if #numbers < most then
  unlinks[#unlinks + 1] = P .. 'all'
  for st = 1, 7 do unlinks[#unlinks + 1] = P .. 's:' .. st end
  for pr = 1, 10 do unlinks[#unlinks + 1] = P .. 'p:' .. pr end
  local answers = call('HGETALL', P .. 'ik')
  for n = 1, #answers, 2 do
    local first = cmsgpack.unpack(answers[n + 1])
    first[3] = string.gsub(first[3], '(' .. string.rep('%x', 32) .. ')(..)', function(id, rest) return binary(id) .. rest end)
    put(P .. 'ik', answers[n], cmsgpack.pack(first))
  end
end
flush()
return #numbers
