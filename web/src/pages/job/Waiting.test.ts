import { expect, it } from 'vitest';
import type { Queue, Server, Worker } from '@/api/types';
import { reasonsOf } from './Waiting';

const job = { queue: 'q', kind: 'command' as const, worker_labels: [] as string[], priority: 5 };
const worker = (change: Partial<Worker> = {}) =>
  ({ queues: ['*'], runs_commands: true, job_types: [], labels: [], draining: false, slots: 2, busy: 0, ...change }) as unknown as Worker;
const queue = (change: Partial<Queue> = {}) => ({ name: 'q', paused: false, queue_depth: 3, ...change }) as Queue;

it('names what stands in the way', () => {
  expect(reasonsOf(job, queue(), [], undefined)).toEqual(['No worker is connected.']);
  expect(reasonsOf(job, queue({ paused: true }), [worker()], undefined)[0]).toContain('paused');
  expect(reasonsOf(job, queue(), [worker({ queues: ['other'] })], undefined)[0]).toContain('serves the queue');
  expect(reasonsOf({ ...job, kind: 'task', job_type: 'mail' }, queue(), [worker()], undefined)[0]).toContain('handler for “mail”');
  expect(reasonsOf({ ...job, worker_labels: ['zone=eu'] }, queue(), [worker({ labels: ['zone=us'] })], undefined)[0]).toContain('zone=eu');
  expect(reasonsOf(job, queue(), [worker({ draining: true })], undefined)[0]).toContain('draining');
  expect(reasonsOf(job, queue(), [worker({ busy: 2 })], undefined)[0]).toContain('All 2 slots');
  expect(reasonsOf(job, queue(), [worker()], { name: 's', is_active: true, max_concurrency: 1 } as Server)[0]).toContain('at most 1');
  const limits = [
    { key: 'queue:q', max_running: 2, rate: { count: 10, per: 60 } },
    { key: 'queue:other', max_running: 1 },
  ];
  expect(reasonsOf(job, queue(), [worker()], undefined, limits)).toEqual([
    'The limit “queue:q” lets at most 2 run at once and at most 10 start in 1m 00s.',
  ]);
  expect(reasonsOf({ ...job, limit_key: 'api' }, queue(), [worker()], undefined, [{ key: 'key:api', max_running: 1 }])[0]).toContain(
    'key:api',
  );
  expect(reasonsOf(job, queue(), [worker()], undefined)).toEqual([]);
});
