import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import type { JobSummary } from '@/api/types';
import { LateAnswers } from './late';
import { apply, type Changes, noChanges } from './patch';

const job = (status: string) => ({ id: 'a', status, tags: [] }) as unknown as JobSummary;
const changedTo = (status: string): Changes => ({ ...noChanges(), changed: new Map([['a', job(status)]]) });

/** A question whose answers the test gives. */
function ask(client: QueryClient, queryKey: unknown[]) {
  const answers: ((data: unknown) => void)[] = [];
  const observer = new QueryObserver(client, { queryKey, queryFn: () => new Promise((answer) => answers.push(answer)) });
  return { answers, end: observer.subscribe(() => {}), data: () => client.getQueryData<unknown>(queryKey) };
}

function setUp() {
  const client = new QueryClient();
  let now = 0;
  const late = new LateAnswers(client, () => ++now);
  late.watch();
  const tell = (changes: Changes) => {
    late.keep(changes);
    apply(client, changes);
  };
  return { client, tell };
}

it('does not let an answer that was on its way hide that a job has ended', async () => {
  const { client, tell } = setUp();
  const page = ask(client, ['job', 'a']);
  tell(changedTo('completed'));
  page.answers[0]!(job('running'));
  await expect.poll(page.data).toMatchObject({ status: 'completed' });
  // What a summary lacks is asked for; that answer is newer than the event and counts.
  await expect.poll(() => page.answers.length).toBe(2);
  page.answers[1]!({ ...job('completed'), attempts: [{ attempt: 1 }] });
  await expect.poll(page.data).toMatchObject({ attempts: [{ attempt: 1 }] });
  expect(page.answers).toHaveLength(2);
  page.end();
});

it('mends a list, and leaves out what was deleted meanwhile', async () => {
  const { client, tell } = setUp();
  const list = ask(client, ['jobs', 'recent', {}, 8]);
  tell(changedTo('failed'));
  tell({ ...noChanges(), deleted: new Set(['b']) });
  list.answers[0]!({ items: [job('queued'), { ...job('queued'), id: 'b' }] });
  await expect.poll(list.data).toMatchObject({ items: [{ id: 'a', status: 'failed' }] });
  list.end();
});

it('believes an answer that was asked for after the event', async () => {
  const { client, tell } = setUp();
  tell(changedTo('running'));
  const list = ask(client, ['jobs', 'recent', {}, 8]);
  list.answers[0]!({ items: [job('completed')] });
  await expect.poll(list.data).toMatchObject({ items: [{ status: 'completed' }] });
  list.end();
});
