// Drives a queue server through a job's whole life and prints what it saw, one JSON object a line.
// usage: node scenario.mjs HOST PORT TOKEN [FINGERPRINT]
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { Connection, Writer, types, readChange, readJob, readLease, writeSpec, writeToken } from './netqueue.mjs';

const [host, port, token, fingerprint] = process.argv.slice(2);
const address = { host, port: Number(port), token, fingerprint };
const say = (what, detail = {}) => console.log(JSON.stringify({ what, ...detail }));

function uuid7() {
  const bytes = crypto.randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const enqueueBody = (firstId, specs) => new Writer().uuid(firstId).optionalText(null).optionalText(null).list(specs, writeSpec);

function readEnqueued(r) {
  r.i64();
  return { replayed: r.bool(), jobs: r.list((x) => ({ id: x.uuid(), status: x.u8(), duplicate: x.bool() })) };
}

const changes = (r) => { r.i64(); return r.list(readChange); };

const producer = await Connection.open(address);
assert.equal(producer.welcome.version, 1);
say('welcome', { roles: producer.welcome.roles });

// Events from here on.
const events = [];
producer.onEvents = (batch) => events.push(...batch);
await producer.request(types.subscribe, new Writer().u8(1).u8(0));

// Enqueue, and the same again as after a broken connection: it is accepted once.
const firstId = uuid7();
const specs = [{ jobType: 'echo', payload: { n: 1 }, queue: 'node', priority: 2, maxAttempts: 3 }, { jobType: 'echo', payload: { n: 2 }, queue: 'node', maxAttempts: 3 }];
const enqueued = readEnqueued(await producer.request(types.enqueue, enqueueBody(firstId, specs)));
assert.equal(enqueued.jobs[0].id, firstId);
const again = readEnqueued(await producer.request(types.enqueue, enqueueBody(firstId, specs), 1));
assert.deepEqual(again.jobs.map((j) => j.id), enqueued.jobs.map((j) => j.id));
say('enqueued', { ids: enqueued.jobs.map((j) => j.id) });

// A worker takes both, most urgent first.
const worker = await Connection.open(address);
const signals = [];
let signaled;
worker.onSignal = (signal) => { signals.push(signal); signaled?.(); };
const attach = new Writer().text('node-1').uuid(crypto.randomUUID()).text('host').int(process.pid).text('1').int(4)
  .list(['node'], (w, q) => w.text(q).int(1)).bool(false).list(['echo'], (w, t) => w.text(t)).list([], () => {}).bool(false).list([], () => {});
await worker.request(types.attach, attach);
const lease = async (max) => { const r = await worker.request(types.lease, new Writer().int(max)); r.i64(); return r.list(readLease); };
const leases = await lease(4);
assert.deepEqual(leases.map((l) => l.token.jobId), enqueued.jobs.map((j) => j.id));
assert.equal(leases[0].spec.task.payload, '{"n":1}');
say('leased', { count: leases.length });

// A lease request waits; withdrawn it is answered with nothing.
const waits = worker.request(types.lease, new Writer().int(1));
worker.send(types.withdraw, new Writer().u32(waits.id));
const withdrawn = await waits;
withdrawn.i64();
assert.equal(withdrawn.var(), 0);
say('withdrawn');

// Renew, output, finish the first.
const [first, second] = leases;
const renewed = await worker.request(types.renew, new Writer().list([first.token, second.token], writeToken));
assert.deepEqual(renewed.list((r) => r.u8()), [1, 1]);
const entry = (w, e) => w.i64(e.seq).time(Date.now()).int(1).u8(1).bytes(Buffer.from(e.text));
const output = new Writer();
writeToken(output, first.token).bool(false).list([{ seq: first.firstOutputSeq, text: 'hällo\n' }], entry);
const stored = await worker.request(types.output, output);
stored.i64();
assert.equal(stored.bool(), true);
const finish = (t, kind, exitCode) => new Writer().list([t], (w) => writeToken(w, t).u8(kind).var(exitCode === undefined ? 0 : 1).raw(exitCode === undefined ? Buffer.alloc(0) : new Writer().int(exitCode).done()));
const [done] = changes(await worker.request(types.finish, finish(first.token, 1, 0)));
assert.deepEqual([done.result, done.to], [0, 5]);
const [twice] = changes(await worker.request(types.finish, finish(first.token, 1, 0), 1));
assert.equal(twice.result, 0);
const [stale] = changes(await worker.request(types.finish, finish({ jobId: first.token.jobId, attempt: 9 }, 1, 0)));
assert.equal(stale.result, 4);
say('finished');

// Cancel the second: the worker is told, and reports it.
const [accepted] = changes(await producer.request(types.cancel, new Writer().list([second.token.jobId], (w, id) => w.uuid(id)).optionalText('node')));
assert.equal(accepted.result, 1);
if (signals.length === 0) await new Promise((resolve) => { signaled = resolve; });
assert.deepEqual(signals[0], { cancel: second.token });
const [canceled] = changes(await worker.request(types.finish, finish(second.token, 4)));
assert.equal(canceled.to, 7);
say('canceled');

// What it looks like from outside.
const jobs = (await producer.request(types.get, new Writer().list(enqueued.jobs, (w, j) => w.uuid(j.id)))).list((r) => (r.bool() ? readJob(r) : null));
assert.deepEqual(jobs.map((j) => j.status), [5, 7]);
assert.equal(jobs[0].attempts[0].workerId, 'node-1');
const page = await producer.request(types.readOutput, new Writer().uuid(firstId).i64(0).int(100).bool(false).u8(0));
assert.equal(page.bool(), true);
page.i64();
assert.equal(page.bool(), true);
const texts = page.list((r) => { r.i64(); r.time(); r.int(); r.u8(); return r.bytes().toString(); });
assert.deepEqual(texts, ['hällo\n']);
assert.deepEqual(events.filter((e) => e.jobId === firstId).map((e) => [e.kind, e.status]), [[1, 2], [2, 3], [2, 5]]);
say('seen');

// Errors.
await assert.rejects(producer.request(0x5a), { code: 3 });
await assert.rejects(producer.request(types.lease, new Writer().int(1)), { code: 9 });
await assert.rejects(producer.request(types.enqueue, enqueueBody(uuid7(), [{ jobType: 'echo', priority: 99 }])), (e) => e.code === 12 && e.fields[0][0].endsWith('priority'));
await assert.rejects(Connection.open({ ...address, token: 'wrong' }), { code: 5 });
await assert.rejects(producer.request(types.enqueue, new Writer().u8(1)), { code: 1 });
await producer.closed;
assert.equal(producer.lastError.code, 1);
say('errors');

await worker.request(types.goodbye);
await worker.close();
say('ok');
