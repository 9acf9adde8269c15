import { expect, it } from 'vitest';
import type { JobSummary } from '@/api/types';
import { quantile, summarize } from './summary';

it('takes the nearest rank', () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0.5, 0.95, 0.99].map((share) => quantile(numbers, share))).toEqual([50, 95, 99]);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeUndefined();
});

it('groups finished jobs and leaves others out', () => {
  const job = (name: string, status: string, duration?: number) =>
    ({ name, status, duration, finished_at: status === 'running' ? undefined : 'x', queue: 'q' }) as JobSummary;
  const groups = summarize([job('a', 'completed', 1), job('a', 'failed', 3), job('b', 'completed', 2), job('b', 'running')], 'name');
  expect(groups).toEqual([
    { name: 'a', count: 2, failed: 1, p50: 1, p95: 3, p99: 3 },
    { name: 'b', count: 1, failed: 0, p50: 2, p95: 2, p99: 2 },
  ]);
});
