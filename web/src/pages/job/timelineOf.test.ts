import { expect, it } from 'vitest';
import type { Attempt } from '@/api/types';
import { timelineOf } from './timelineOf';

const t = (s: number) => new Date(1_700_000_000_000 + s * 1000).toISOString();
const at = (iso: string) => (Date.parse(iso) - 1_700_000_000_000) / 1000;
const attempt = (number: number, from: number, to?: number, outcome?: string, connect = 0) =>
  ({
    number,
    worker_id: 'w',
    started_at: t(from),
    finished_at: to === undefined ? undefined : t(to),
    outcome,
    connect_time: connect,
  }) as Attempt;
const shape = (job: Parameters<typeof timelineOf>[0], now: number) =>
  timelineOf(job, Date.parse(t(now))).map(
    (span) => `${span.what} ${at(new Date(span.from).toISOString())}-${at(new Date(span.to).toISOString())} ${span.tone}`,
  );

it('shows waiting, connecting and running of every attempt', () => {
  const job = {
    created_at: t(0),
    finished_at: t(20),
    status: 'completed' as const,
    attempts: [attempt(1, 2, 5, 'failed', 1), attempt(2, 10, 20, 'completed')],
  };
  expect(shape(job, 100)).toEqual([
    'queued 0-2 queued',
    'attempt 1: connecting 2-3 scheduled',
    'attempt 1: running 3-5 failed',
    'waiting for retry 5-10 retrying',
    'attempt 2: running 10-20 completed',
  ]);
});

it('goes on until now while the job is not finished', () => {
  expect(shape({ created_at: t(0), status: 'queued', attempts: [] }, 7)).toEqual(['queued 0-7 queued']);
  expect(shape({ created_at: t(0), status: 'running', attempts: [attempt(1, 1)] }, 7)).toEqual([
    'queued 0-1 queued',
    'attempt 1: running 1-7 running',
  ]);
  expect(shape({ created_at: t(0), run_at: t(30), status: 'scheduled', attempts: [] }, 7)).toEqual(
    ['scheduled 0-7 scheduled'].map((s) => s.replace('0-7', '0-7')),
  );
});
