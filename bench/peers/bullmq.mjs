// BullMQ on a Redis of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { freePort } from './beanstalkd.mjs';
import { PAYLOAD } from './measure.mjs';

export async function bullmq(appendfsync) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-peer-'));
  const port = await freePort();
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', appendfsync], { stdio: 'ignore' });
  await new Promise(r => setTimeout(r, 1000));
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  const job = { name: 'noop', data: { payload: PAYLOAD } };
  return {
    pid: redis.pid,
    cpu: () => readFileSync(`/proc/${redis.pid}/stat`, 'utf8').split(' ').slice(13, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100,
    enqueue: () => queue.add(job.name, job.data),
    enqueueMany: (_, count) => queue.addBulk(Array.from({ length: count }, () => ({ ...job }))),
    waiting: () => queue.getWaitingCount(),
    async process(slots, onJob) {
      const worker = new Worker('bench', async () => { onJob(); }, { connection, concurrency: slots });
      await worker.waitUntilReady();
      return () => worker.close();
    },
    async close() {
      await queue.close();
      redis.kill();
      await new Promise(r => setTimeout(r, 300));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
