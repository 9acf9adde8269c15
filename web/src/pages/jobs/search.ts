import type { JobFilter } from '@/api/queries';
import { type JobStatus, STATUSES } from '@/api/types';

/** What the address of the job list says. */
export type JobsSearch = {
  status?: JobStatus[];
  server?: string;
  queue?: string;
  kind?: string;
  type?: string;
  tag?: string;
  priority?: number;
  after?: string;
  before?: string;
  origin?: string;
  batch?: string;
  q?: string;
  sort?: string;
  cols?: string[];
};

const SORTS = ['-created_at', 'created_at', '-finished_at', 'priority'];
const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined);
const list = (value: unknown) => (Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []).map(String);

export function jobsSearch(raw: Record<string, unknown>): JobsSearch {
  const status = list(raw.status).filter((word): word is JobStatus => STATUSES.includes(word as JobStatus));
  const priority = Number(raw.priority);
  const search: JobsSearch = {
    status: status.length ? status : undefined,
    server: text(raw.server),
    queue: text(raw.queue),
    kind: ['command', 'script', 'task'].includes(String(raw.kind)) ? String(raw.kind) : undefined,
    type: text(raw.type),
    tag: text(raw.tag),
    priority: Number.isInteger(priority) && priority >= 1 && priority <= 10 ? priority : undefined,
    after: time(raw.after),
    before: time(raw.before),
    origin: text(raw.origin),
    batch: text(raw.batch),
    q: text(raw.q),
    sort: SORTS.includes(String(raw.sort)) ? String(raw.sort) : undefined,
    cols: raw.cols === undefined ? undefined : list(raw.cols),
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

const time = (value: unknown) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : undefined;

export const filterOf = (search: JobsSearch): JobFilter => ({
  status: search.status,
  server_id: search.server,
  queue: search.queue,
  kind: search.kind,
  job_type: search.type,
  tag: search.tag,
  priority: search.priority,
  created_after: search.after,
  created_before: search.before,
  origin_id: search.origin,
  batch_id: search.batch,
  q: search.q,
});

const TOKENS = ['status', 'server', 'queue', 'kind', 'type', 'tag', 'priority', 'after', 'before', 'origin', 'batch'] as const;
export const TOKEN_NAMES: readonly string[] = TOKENS;

/** `status:failed server:web-1 "two words"` as a filter; what is no token is text to look for. */
export function parseTokens(input: string): JobsSearch {
  const raw: Record<string, unknown> = {};
  const words: string[] = [];
  for (const match of input.matchAll(/(\w+):"([^"]*)"|(\w+):(\S+)|"([^"]*)"|(\S+)/g)) {
    const name = match[1] ?? match[3];
    const value = match[2] ?? match[4];
    if (name && value !== undefined && TOKEN_NAMES.includes(name)) {
      if (name === 'status') raw.status = [...list(raw.status), ...value.split(',')];
      else raw[name] = value;
    } else words.push(match[5] ?? match[0]);
  }
  if (words.length) raw.q = words.join(' ');
  return jobsSearch(raw);
}

/** The filter as it is typed. */
export function formatTokens(search: JobsSearch): string {
  const parts: string[] = [];
  for (const name of TOKENS) {
    const value = search[name];
    if (value === undefined) continue;
    const word = Array.isArray(value) ? value.join(',') : String(value);
    parts.push(`${name}:${/\s/.test(word) ? `"${word}"` : word}`);
  }
  if (search.q) parts.push(/^\w+:|\s{2}/.test(search.q) ? `"${search.q}"` : search.q);
  return parts.join(' ');
}

/** Whether a job that was just accepted belongs into a list. */
export function mayMatch(
  search: JobsSearch,
  job: {
    status: JobStatus;
    queue: string;
    server_id?: string | null;
    server_name?: string | null;
    kind: string;
    job_type?: string | null;
    tags: string[];
    priority: number;
    preview: string;
    name?: string | null;
    origin_id?: string | null;
    batch_id?: string | null;
  },
): boolean {
  return (
    (!search.status || search.status.includes(job.status)) &&
    (!search.queue || search.queue === job.queue) &&
    (!search.server || search.server === job.server_id || search.server === job.server_name) &&
    (!search.kind || search.kind === job.kind) &&
    (!search.type || search.type === job.job_type) &&
    (!search.tag || job.tags.includes(search.tag)) &&
    (!search.priority || search.priority === job.priority) &&
    (!search.origin || search.origin === job.origin_id) &&
    (!search.batch || search.batch === job.batch_id) &&
    !search.before &&
    (!search.q || `${job.name ?? ''} ${job.preview}`.toLowerCase().includes(search.q.toLowerCase()))
  );
}
