// A client of the NetQueue protocol in plain Node, written from docs/netqueue.md alone. It shares no code with Drover.
import net from 'node:net';
import tls from 'node:tls';
import crypto from 'node:crypto';

const REPLY = 0x80, ERROR = 0xff, EVENTS = 0x60, SIGNAL = 0x61;

export const types = {
  hello: 0x01, ping: 0x02, goodbye: 0x03, enqueue: 0x10, cancel: 0x11, get: 0x15, readOutput: 0x18,
  attach: 0x20, lease: 0x21, withdraw: 0x22, renew: 0x23, output: 0x24, finish: 0x25, subscribe: 0x30,
};

/** Writes a body. */
export class Writer {
  parts = [];
  raw(buffer) { this.parts.push(buffer); return this; }
  u8(n) { return this.raw(Buffer.from([n])); }
  bool(b) { return this.u8(b ? 1 : 0); }
  u16(n) { const b = Buffer.alloc(2); b.writeUInt16LE(n); return this.raw(b); }
  u32(n) { const b = Buffer.alloc(4); b.writeUInt32LE(n); return this.raw(b); }
  i64(n) { const b = Buffer.alloc(8); b.writeBigInt64LE(BigInt(n)); return this.raw(b); }
  f64(n) { const b = Buffer.alloc(8); b.writeDoubleLE(n); return this.raw(b); }
  var(n) {
    const bytes = [];
    for (; n >= 0x80; n = Math.floor(n / 128)) bytes.push((n % 128) | 0x80);
    return this.raw(Buffer.from([...bytes, n]));
  }
  int(n) { return this.var(((n << 1) ^ (n >> 31)) >>> 0); }
  uuid(text) { return this.raw(Buffer.from(text.replaceAll('-', ''), 'hex')); }
  time(ms) { return this.i64(BigInt(ms) * 10000n); }
  duration(seconds) { return this.i64(Math.round(seconds * 1e7)); }
  bytes(buffer) { return this.var(buffer.length).raw(buffer); }
  text(s) { return this.bytes(Buffer.from(s, 'utf8')); }
  optionalText(s) { return s == null ? this.bool(false) : this.bool(true).text(s); }
  list(items, write) { this.var(items.length); items.forEach((item) => write(this, item)); return this; }
  done() { return Buffer.concat(this.parts); }
}

/** Reads a body. */
export class Reader {
  at = 0;
  constructor(buffer) { this.buffer = buffer; }
  take(n) {
    if (this.at + n > this.buffer.length) throw new Error('the body ends too soon');
    return this.buffer.subarray(this.at, (this.at += n));
  }
  get left() { return this.buffer.length - this.at; }
  u8() { return this.take(1)[0]; }
  bool() { return this.u8() === 1; }
  u16() { return this.take(2).readUInt16LE(); }
  u32() { return this.take(4).readUInt32LE(); }
  i64() { return this.take(8).readBigInt64LE(); }
  f64() { return this.take(8).readDoubleLE(); }
  var() {
    let n = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      n += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return n;
    }
  }
  int() { const n = this.var(); return n % 2 === 0 ? n / 2 : -(n + 1) / 2; }
  uuid() { return this.take(16).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'); }
  time() { return Number(this.i64() / 10000n); }
  duration() { return Number(this.i64()) / 1e7; }
  bytes() { return this.take(this.var()); }
  text() { return this.bytes().toString('utf8'); }
  optionalText() { return this.bool() ? this.text() : null; }
  list(read) { return Array.from({ length: this.var() }, () => read(this)); }
}

export const writeToken = (w, token) => w.uuid(token.jobId).int(token.attempt);
export const readToken = (r) => ({ jobId: r.uuid(), attempt: r.int() });

/** A task with its payload, tried up to three times, or a command on a server. */
export function writeSpec(w, spec) {
  const task = spec.jobType !== undefined;
  w.u8(task ? 3 : 1);
  const has = (spec.queue ? 1 << 1 : 0) | (spec.priority ? 1 << 2 : 0) | (spec.maxAttempts ? 1 << 4 : 0) | (task ? 1 << 13 : 1 << 12);
  w.var(has);
  if (spec.queue) w.text(spec.queue);
  if (spec.priority) w.int(spec.priority);
  if (spec.maxAttempts) w.int(spec.maxAttempts);
  if (task) w.text(spec.jobType).bytes(Buffer.from(JSON.stringify(spec.payload ?? null)));
  else w.text(spec.serverId).text(spec.serverName).var(1).text(spec.command);
  return w;
}

export function readSpec(r) {
  const spec = { kind: r.u8() }, has = r.var();
  const field = (bit, name, read) => { if (has & (1 << bit)) spec[name] = read(); };
  field(0, 'name', () => r.text());
  field(1, 'queue', () => r.text());
  field(2, 'priority', () => r.int());
  field(3, 'timeout', () => r.duration());
  field(4, 'maxAttempts', () => r.int());
  field(5, 'backoff', () => ({ kind: r.u8(), delay: r.duration(), max: r.duration(), jitter: r.f64() }));
  field(6, 'runAt', () => r.time());
  field(7, 'delay', () => r.duration());
  field(8, 'tags', () => r.list((x) => x.text()));
  field(9, 'uniqueKey', () => r.text());
  field(10, 'onWorkerLost', () => r.u8());
  field(11, 'workerLabels', () => r.list((x) => x.text()));
  field(12, 'shell', () => readShell(r));
  field(13, 'task', () => ({ jobType: r.text(), payload: r.bytes().toString() }));
  field(14, 'originId', () => r.uuid());
  field(15, 'createdBy', () => r.text());
  return spec;
}

function readShell(r) {
  const shell = { serverId: r.text(), serverName: r.text() }, has = r.var();
  const names = ['command', 'script', 'argsText', 'args', 'shell', 'env', 'workingDir', 'stdin'];
  names.forEach((name, bit) => {
    if (!(has & (1 << bit))) return;
    shell[name] = name === 'args' ? r.list((x) => x.text()) : name === 'env' ? r.list((x) => [x.text(), x.text()]) : r.text();
  });
  return { ...shell, pty: !!(has & (1 << 8)), unbuffered: !!(has & (1 << 9)) };
}

export function readOutcome(r) {
  const outcome = { kind: r.u8() }, has = r.var();
  if (has & 1) outcome.exitCode = r.int();
  if (has & 2) outcome.signal = r.text();
  if (has & 4) outcome.reason = r.text();
  if (has & 8) outcome.error = r.text();
  if (has & 16) outcome.result = r.bytes().toString();
  outcome.neverRetry = !!(has & 32);
  if (has & 64) outcome.retryIn = r.duration();
  outcome.unconfirmed = !!(has & 128);
  if (has & 256) outcome.connectTime = r.duration();
  return outcome;
}

export const readChange = (r) => ({ id: r.uuid(), result: r.u8(), from: r.u8(), to: r.u8(), queue: r.text(), attempt: r.int(), workerId: r.optionalText() });

export function readJob(r) {
  const job = { id: r.uuid(), seq: r.i64(), status: r.u8(), priority: r.int(), createdAt: r.time(), attempt: r.int(), attemptsUsed: r.int(), spec: readSpec(r) };
  const has = r.var();
  if (has & 1) job.runAt = r.time();
  if (has & 2) job.startedAt = r.time();
  if (has & 4) job.finishedAt = r.time();
  if (has & 8) job.outcome = readOutcome(r);
  if (has & 16) job.cancelRequestedAt = r.time();
  if (has & 32) job.canceledBy = r.text();
  if (has & 64) job.workerId = r.text();
  job.attempts = r.list(() => {
    const attempt = { number: r.int(), workerId: r.text(), startedAt: r.time() };
    return r.bool() ? { ...attempt, finishedAt: r.time(), outcome: readOutcome(r) } : attempt;
  });
  return job;
}

/** A lease of a task or of a command on the worker's own machine. */
export function readLease(r) {
  const lease = { token: readToken(r), spec: readSpec(r), readyAt: r.time(), startedAt: r.time(), firstOutputSeq: r.i64() };
  const target = r.u8();
  if (target === 1) lease.target = { serverId: r.text(), serverName: r.text() };
  else if (target !== 0) throw new Error('this client runs nothing over SSH');
  return lease;
}

export function readEvent(r) {
  const event = { seq: r.i64(), at: r.time(), kind: r.u8() }, has = r.u8();
  if (has & 1) Object.assign(event, { jobId: r.uuid(), status: r.u8(), attempt: r.int() });
  if (has & 2) event.subject = r.text();
  return event;
}

/** One connection. Requests resolve to a Reader of the reply's body, or reject with the error's code. */
export class Connection {
  waiting = new Map();
  pieces = new Map();
  received = Buffer.alloc(0);
  nextId = 1;
  onSignal = () => {};
  onEvents = () => {};

  static async open({ host, port, token, fingerprint }) {
    const connection = new Connection();
    connection.socket = fingerprint
      ? tls.connect({ host, port, rejectUnauthorized: false })
      : net.connect({ host, port, noDelay: true });
    await new Promise((resolve, reject) => connection.socket.once(fingerprint ? 'secureConnect' : 'connect', resolve).once('error', reject));
    if (fingerprint && crypto.createHash('sha256').update(connection.socket.getPeerCertificate().raw).digest('hex') !== fingerprint)
      throw new Error('another certificate');
    connection.closed = new Promise((resolve) => connection.socket.once('close', resolve));
    connection.socket.on('error', () => {}).on('data', (data) => connection.receive(data)).on('close', () => connection.fail(new Error('closed')));
    connection.socket.write(Buffer.from([0x00, 0x44, 0x4e, 0x51]));
    const hello = new Writer().u16(1).u16(1).text(token).raw(crypto.randomBytes(16)).text('netqueue-node/1');
    const r = await connection.request(types.hello, hello);
    connection.welcome = { version: r.u16(), roles: r.u8(), maxFrameBytes: r.u32(), maxBatch: r.u32(), maxInFlight: r.u32(), pingEvery: r.duration(), lastEventSeq: r.i64(), software: r.text() };
    return connection;
  }

  /** Sends a request that has a reply. */
  request(type, body = new Writer(), flags = 0) {
    const id = this.send(type, body, flags);
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    answer.id = id;
    return answer;
  }

  /** Sends a frame. */
  send(type, body = new Writer(), flags = 0, id = this.nextId++) {
    const content = body.done(), header = Buffer.alloc(10);
    header.writeUInt32LE(content.length + 6, 0);
    header[4] = type;
    header[5] = flags;
    header.writeUInt32LE(id, 6);
    this.socket.write(Buffer.concat([header, content]));
    return id;
  }

  close() { this.socket.end(); return this.closed; }

  receive(data) {
    this.received = Buffer.concat([this.received, data]);
    while (this.received.length >= 10) {
      const length = this.received.readUInt32LE(0) + 4;
      if (this.received.length < length) return;
      const frame = this.received.subarray(0, length);
      this.received = this.received.subarray(length);
      this.take(frame[4], frame[5], frame.readUInt32LE(6), frame.subarray(10));
    }
  }

  take(type, flags, id, body) {
    const before = this.pieces.get(id);
    if (before) body = Buffer.concat([before, body]);
    if (flags & 2) { this.pieces.set(id, body); return; }
    this.pieces.delete(id);
    const r = new Reader(body);
    if (type === SIGNAL) this.onSignal(r.u8() === 0 ? { cancel: readToken(r) } : { drain: true });
    else if (type === EVENTS) { const events = []; while (r.left > 0) events.push(readEvent(r)); this.onEvents(events); }
    else if (type === ERROR) this.error(id, r);
    else if (type & REPLY) { this.waiting.get(id)?.resolve(r); this.waiting.delete(id); }
  }

  error(id, r) {
    const error = Object.assign(new Error(), { code: r.u16(), message: r.text() });
    if (error.code === 12) error.fields = r.list((x) => [x.text(), x.list((y) => y.text())]);
    if (id === 0) { this.fail(error); this.socket.end(); return; }
    this.waiting.get(id)?.reject(error);
    this.waiting.delete(id);
  }

  fail(error) {
    this.lastError ??= error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
