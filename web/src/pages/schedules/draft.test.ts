import { expect, it } from 'vitest';
import type { Schedule } from '@/api/types';
import { draftOfSchedule, nextLook, scheduleRequest } from './draft';

const schedule = {
  id: '1',
  name: 'backup',
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  job: {
    command: 'tar c /home',
    server_id: 'local',
    queue: 'default',
    priority: 2,
    timeout: 60,
    max_attempts: 4,
    backoff: { kind: 'fixed', delay: 9, max: 100, jitter: 0.5 },
    on_worker_lost: 'retry',
    worker_labels: ['zone=eu'],
    stdin: 'yes',
  },
  catch_up: 'one',
  overlap: 'queue',
  jitter: 30,
  paused: true,
} as unknown as Schedule;

it('makes a schedule a draft and the same schedule again, with what the form does not know', () => {
  const { name, cron, timezone, catch_up, overlap, jitter, paused } = schedule;
  const request = scheduleRequest(draftOfSchedule(schedule, 'UTC'), schedule);
  expect(request).toMatchObject({ name, cron, timezone, catch_up, overlap, jitter, paused });
  const { queue: _, ...job } = schedule.job;
  expect(request.job).toEqual(job);
});

it('leaves out what belonged to another kind of job', () => {
  const draft = draftOfSchedule(schedule, 'UTC');
  const request = scheduleRequest({ ...draft, job: { ...draft.job, tab: 'script', script: 'ls' } }, schedule);
  expect(request.job).toMatchObject({ script: 'ls', stdin: 'yes' });
  expect(request.job).not.toHaveProperty('command');
});

it('looks again just after the next firing, jitter included', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  expect(nextLook([], now)).toBeUndefined();
  expect(nextLook([{ next_at: null, jitter: 0 }], now)).toBeUndefined();
  expect(
    nextLook(
      [
        { next_at: at(60), jitter: 0 },
        { next_at: at(5), jitter: 10 },
      ],
      now,
    ),
  ).toBe(16_500);
  expect(nextLook([{ next_at: at(-5), jitter: 0 }], now)).toBe(1000);
});
