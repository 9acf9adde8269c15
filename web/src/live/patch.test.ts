import { QueryClient } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import type { JobSummary } from '@/api/types';
import { apply, collect, isFiring, noChanges } from './patch';

const job = (n: number, status: string) => ({ id: `job-${n}`, status, tags: [] }) as unknown as JobSummary;
const frame = (event: string, data: unknown) => ({ topic: 'jobs', event, data });

it('draws a list once for ten thousand updates, whatever came last counts', () => {
  const client = new QueryClient();
  const key = ['jobs', 'list', {}, '-created_at'];
  const items = Array.from({ length: 100 }, (_, n) => job(n, 'queued'));
  client.setQueryData(key, { pages: [{ items }], pageParams: [undefined] });
  const changes = noChanges();
  for (let n = 0; n < 10_000; n++) collect(changes, frame('job_updated', job(n % 1000, n < 9000 ? 'running' : 'completed')));
  expect(changes.changed.size).toBe(1000);

  const drawn = vi.fn();
  client.getQueryCache().subscribe((event) => event.type === 'updated' && drawn());
  apply(client, changes);
  expect(drawn).toHaveBeenCalledTimes(1);
  const after = client.getQueryData<{ pages: { items: JobSummary[] }[] }>(key)!.pages[0]!.items;
  expect(new Set(after.map((each) => each.status))).toEqual(new Set(['completed']));
});

it('leaves pages without a changed row as they are', () => {
  const client = new QueryClient();
  const key = ['jobs', 'list', {}, '-created_at'];
  client.setQueryData(key, { pages: [{ items: [job(1, 'queued')] }, { items: [job(2, 'queued')] }], pageParams: [undefined, 'x'] });
  const [, second] = client.getQueryData<{ pages: unknown[] }>(key)!.pages;
  const changes = noChanges();
  collect(changes, frame('job_updated', job(1, 'running')));
  apply(client, changes);
  expect(client.getQueryData<{ pages: unknown[] }>(key)!.pages[1]).toBe(second);
});

it('knows the firing of a schedule', () => {
  expect(isFiring(frame('job_created', { tags: ['x', 'schedule:backup'] }))).toBe(true);
  expect(isFiring(frame('job_updated', { tags: ['schedule:backup'] }))).toBe(false);
  expect(isFiring(frame('job_created', { tags: [] }))).toBe(false);
});
