import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query';
import type { Job, JobList, JobSummary } from '@/api/types';
import type { Frame } from './socket';

/** Jobs that were accepted while somebody reads a list, held back until he asks. */
export type Changes = { changed: Map<string, JobSummary>; created: Map<string, JobSummary>; deleted: Set<string> };

export const noChanges = (): Changes => ({ changed: new Map(), created: new Map(), deleted: new Set() });

/** Adds a frame of the topic `jobs` to what is to be shown; of many changes of one job the last counts. */
export function collect(changes: Changes, frame: Frame) {
  const data = frame.data as (Partial<JobSummary> & { id?: string }) | undefined;
  if (!data?.id) return;
  if (frame.event.endsWith('deleted')) {
    changes.deleted.add(data.id);
    changes.changed.delete(data.id);
    changes.created.delete(data.id);
  } else if (data.status) {
    if (frame.event.endsWith('created') || changes.created.has(data.id)) changes.created.set(data.id, data as JobSummary);
    changes.changed.set(data.id, data as JobSummary);
  }
}

/** Whether a schedule has enqueued a job: its list shows the last and the next time. */
export const isFiring = (frame: Frame) =>
  frame.event.endsWith('created') && !!(frame.data as Partial<JobSummary> | undefined)?.tags?.some((tag) => tag.startsWith('schedule:'));

/** Brings every list and every job on the page up to date, or `only` one of them; rows keep their places. */
export function apply(client: QueryClient, changes: Changes, only?: Query) {
  const patch = (page: JobList): JobList => {
    if (!page.items.some((job) => changes.changed.has(job.id) || changes.deleted.has(job.id))) return page;
    return {
      ...page,
      items: page.items
        .filter((job) => !changes.deleted.has(job.id))
        .map((job) => (changes.changed.has(job.id) ? { ...job, ...cleared(changes.changed.get(job.id)!) } : job)),
    };
  };
  const predicate = (query: Query) => !only || query === only;
  client.setQueriesData<InfiniteData<JobList>>({ queryKey: ['jobs', 'list'], predicate }, (data) => {
    if (!data) return data;
    const pages = data.pages.map(patch);
    return pages.some((page, i) => page !== data.pages[i]) ? { ...data, pages } : data;
  });
  client.setQueriesData<JobList>({ queryKey: ['jobs', 'recent'], predicate }, (data) => data && patch(data));
  for (const query of client.getQueryCache().findAll({ queryKey: ['job'], predicate })) {
    const job = changes.changed.get(query.queryKey[1] as string);
    if (job) {
      client.setQueryData<Job>(query.queryKey, (old) => old && { ...old, ...cleared(job) });
      // What a summary does not hold, as the attempts, is asked for: at once while it is shown, else when it is opened again.
      client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    } else if (changes.deleted.has(query.queryKey[1] as string) && !query.isActive()) client.getQueryCache().remove(query);
  }
}

// A field that is not in a summary has no value (any more): a retried job has no error.
function cleared(job: JobSummary): JobSummary {
  const none = {
    started_at: undefined,
    finished_at: undefined,
    duration: undefined,
    exit_code: undefined,
    signal: undefined,
    reason: undefined,
    error: undefined,
    cancel_requested_at: undefined,
  };
  const { attempts: _, ...rest } = job;
  return { ...none, ...rest };
}
