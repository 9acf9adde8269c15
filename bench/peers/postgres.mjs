// A PostgreSQL of the benchmark's own with its usual settings (fsync on), and the two queues that Node's users keep in one.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeWorkerUtils, run, Logger } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { freePort } from './beanstalkd.mjs';
import { PAYLOAD } from './measure.mjs';

const BIN = '/usr/lib/postgresql';
const program = name => readdirSync(BIN).sort().map(version => join(BIN, version, 'bin', name)).filter(path => existsSync(path)).at(-1);
// It refuses to run as root; then it runs as the account that its package made.
const command = (name, args) => process.getuid() === 0 ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program(name), ...args]] : [program(name), args];

async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'drover-peer-'));
  if (process.getuid() === 0) spawnSync('chown', ['postgres', folder]);
  const data = join(folder, 'data'), port = await freePort();
  const made = spawnSync(...command('initdb', ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C']), { encoding: 'utf8', cwd: folder });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const server = spawn(...command('postgres', ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`]), { stdio: 'ignore', cwd: folder });
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  for (let left = 100; ; left--) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.end();
      break;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise(r => setTimeout(r, 100));
    }
  }
  return {
    pid: server.pid,
    url,
    cpu: () => cpuOf(server.pid),
    async close() {
      const ended = new Promise(r => server.once('exit', r));
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// Seconds of CPU of the server and its processes, those that ended as well.
function cpuOf(pid) {
  let ticks = 0;
  for (const folder of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    let stat;
    try {
      stat = readFileSync(`/proc/${folder}/stat`, 'utf8');
    } catch {
      continue;
    }
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
    if (Number(folder) === pid) ticks += fields[11] + fields[12] + fields[13] + fields[14];
    else if (fields[1] === pid) ticks += fields[11] + fields[12];
  }
  return ticks / 100;
}

const quiet = new Logger(() => () => {});

// Batched as its documentation recommends for a high rate, or as it is without further settings.
export async function graphileWorker(batched) {
  const server = await start();
  const pool = new pg.Pool({ connectionString: server.url, max: 30 });
  // The server ends first.
  pool.on('error', () => {});
  pool.on('connect', client => client.on('error', () => {}));
  const preset = { worker: { ...(batched ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}) } };
  const utils = await makeWorkerUtils({ pgPool: pool, logger: quiet });
  await utils.migrate();
  return {
    pid: server.pid,
    cpu: server.cpu,
    enqueue: () => utils.addJob('noop', { payload: PAYLOAD }),
    enqueueMany: (_, count) => utils.addJobs(Array.from({ length: count }, () => ({ identifier: 'noop', payload: { payload: PAYLOAD } }))),
    waiting: async () => Number((await pool.query('select count(*) from graphile_worker._private_jobs')).rows[0].count),
    async process(slots, onJob) {
      const runner = await run({ connectionString: server.url, concurrency: slots, maxPoolSize: 52, noHandleSignals: true, logger: quiet, preset, taskList: { noop: async () => { onJob(); } } });
      return () => runner.stop();
    },
    async close() {
      await utils.release();
      await pool.end();
      await server.close();
    },
  };
}

// Fetched and completed in batches by loops that ask anew at once; its own workers ask at most twice a second.
export async function pgBoss() {
  const server = await start();
  const boss = new PgBoss({ connectionString: server.url, max: 50, supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue('noop');
  return {
    pid: server.pid,
    cpu: server.cpu,
    enqueue: () => boss.send('noop', { payload: PAYLOAD }),
    enqueueMany: (_, count) => boss.insert(Array.from({ length: count }, () => ({ name: 'noop', data: { payload: PAYLOAD } }))),
    waiting: () => boss.getQueueSize('noop'),
    async process(_, onJob) {
      let over = false;
      const loops = Array.from({ length: 4 }, async () => {
        while (!over) {
          const jobs = await boss.fetch('noop', { batchSize: 500 });
          if (!jobs?.length) {
            await new Promise(r => setTimeout(r, 5));
            continue;
          }
          for (const _ of jobs) onJob();
          await boss.complete('noop', jobs.map(job => job.id));
        }
      });
      return async () => { over = true; await Promise.all(loops); };
    },
    async close() {
      await boss.stop({ graceful: false });
      await server.close();
    },
  };
}
