import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, type Query } from './client';
import { EMBEDDED, PREFIX } from './place';
import type {
  Health,
  Job,
  JobCounts,
  JobList,
  Key,
  Limit,
  Queue,
  Schedule,
  ScheduleTimes,
  Server,
  Session,
  SettingList,
  SystemEnhanced,
  SystemInfo,
  Worker,
  WorkerStats,
} from './types';

/** What a list of jobs is narrowed to; the same names as the API's query. */
export type JobFilter = {
  status?: string[];
  server_id?: string;
  queue?: string;
  kind?: string;
  job_type?: string;
  tag?: string;
  priority?: number;
  created_after?: string;
  created_before?: string;
  q?: string;
  origin_id?: string;
  batch_id?: string;
};

type Items<T> = { items: T[]; next_cursor?: string };

export const PAGE = 100;

// Every query of the dashboard is declared here, once; pages and the live layer use the same keys.
export const queries = {
  session: () =>
    queryOptions({
      queryKey: ['session'],
      queryFn: ({ signal }) => api.get<Session>('/session', undefined, signal),
      retry: false,
      staleTime: Infinity,
    }),
  info: () =>
    queryOptions({ queryKey: ['system', 'info'], queryFn: ({ signal }) => api.get<SystemInfo>('/system/info', undefined, signal) }),
  config: () =>
    queryOptions({
      queryKey: ['config'],
      queryFn: ({ signal }) => api.get<SettingList>('/system/config', undefined, signal),
      // Settings change only by a restart.
      staleTime: Number.POSITIVE_INFINITY,
    }),
  /** `window`: seconds that its series go back. */
  enhanced: (window: number) =>
    queryOptions({
      queryKey: ['system', 'enhanced', window],
      queryFn: ({ signal }) => api.get<SystemEnhanced>('/system/enhanced', { window }, signal),
    }),
  health: () => queryOptions({ queryKey: ['health'], queryFn: ({ signal }) => health(signal), refetchInterval: 15_000 }),
  jobs: (filter: JobFilter, sort = '-created_at') =>
    infiniteQueryOptions({
      queryKey: ['jobs', 'list', filter, sort],
      queryFn: ({ pageParam, signal }) => api.get<JobList>('/jobs', { ...filter, sort, limit: PAGE, cursor: pageParam } as Query, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page: JobList) => page.next_cursor ?? undefined,
    }),
  recent: (filter: JobFilter, limit: number, sort = '-created_at') =>
    queryOptions({
      queryKey: ['jobs', 'recent', filter, limit, sort],
      queryFn: ({ signal }) => api.get<JobList>('/jobs', { ...filter, sort, limit } as Query, signal),
    }),
  counts: (filter: JobFilter) =>
    queryOptions({
      queryKey: ['jobs', 'counts', filter],
      queryFn: ({ signal }) => api.get<JobCounts>('/jobs/counts', filter as Query, signal),
    }),
  job: (id: string) => queryOptions({ queryKey: ['job', id], queryFn: ({ signal }) => api.get<Job>(`/jobs/${id}`, undefined, signal) }),
  queues: () => queryOptions({ queryKey: ['queues'], queryFn: ({ signal }) => api.get<Items<Queue>>('/queues', undefined, signal) }),
  limits: () => queryOptions({ queryKey: ['limits'], queryFn: ({ signal }) => api.get<Items<Limit>>('/limits', undefined, signal) }),
  workers: () => queryOptions({ queryKey: ['workers'], queryFn: ({ signal }) => api.get<Items<Worker>>('/workers', undefined, signal) }),
  workerStats: () =>
    queryOptions({ queryKey: ['workers', 'stats'], queryFn: ({ signal }) => api.get<WorkerStats>('/workers/stats', undefined, signal) }),
  servers: () =>
    queryOptions({
      queryKey: ['servers'],
      queryFn: ({ signal }): Promise<Items<Server>> => (EMBEDDED ? Promise.resolve({ items: [] }) : api.get('/servers', undefined, signal)),
    }),
  schedules: () =>
    queryOptions({
      queryKey: ['schedules'],
      queryFn: async ({ signal }) => {
        // Few enough to be shown at once, whatever the pages of the API.
        const items: Schedule[] = [];
        for (let cursor: string | undefined; ; ) {
          const page = await api.get<Items<Schedule>>('/schedules', { limit: 500, cursor }, signal);
          items.push(...page.items);
          cursor = page.next_cursor ?? undefined;
          if (!cursor) return { items };
        }
      },
    }),
  schedulePreview: (cron: string, timezone: string) =>
    queryOptions({
      queryKey: ['schedules', 'preview', cron, timezone],
      queryFn: () => api.post<ScheduleTimes>('/schedules/preview', { cron, timezone }),
      staleTime: 10_000,
      retry: false,
    }),
  keys: () => queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => api.get<Items<Key>>('/files/pem', undefined, signal) }),
};

/** Stands beside the API, and tells what is wrong with 503: both are answers. */
async function health(signal: AbortSignal): Promise<Health> {
  const response = await fetch(`${PREFIX}/health`, { signal });
  return (await response.json()) as Health;
}
