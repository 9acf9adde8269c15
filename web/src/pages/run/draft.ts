import { EMBEDDED } from '@/api/place';
import type { Job, JobBulkRequest, JobRequest } from '@/api/types';

/** A job as it is being written in the form. */
export type JobDraft = {
  tab: 'command' | 'script' | 'task';
  command: string;
  script: string;
  shell: string;
  jobType: string;
  payload: string;
  args: string;
  servers: string[];
  serverTags: string[];
  name: string;
  queue: string;
  priority: number;
  timeout: number;
  maxAttempts: number | '';
  backoff: 'fixed' | 'linear' | 'exponential';
  backoffDelay: number;
  delay: number;
  env: string;
  workingDir: string;
  tags: string[];
  /** What the job that this was made of has and no field shows. */
  kept?: Kept;
  /** The job that this is a copy of, beside which it will be listed. */
  origin?: string;
};

const SHELL_ONLY = ['stdin', 'pty', 'unbuffered'] as const;
const KEPT = [...SHELL_ONLY, 'limit_key', 'on_worker_lost', 'worker_labels'] as const;
export type Kept = Pick<JobRequest, (typeof KEPT)[number] | 'backoff'>;

export const EMPTY: JobDraft = {
  tab: EMBEDDED ? 'task' : 'command',
  command: '',
  script: '#!/bin/bash\nset -euo pipefail\n\n',
  shell: '',
  jobType: '',
  payload: '{}',
  args: '',
  servers: [],
  serverTags: [],
  name: '',
  queue: '',
  priority: 5,
  timeout: 300,
  maxAttempts: '',
  backoff: 'exponential',
  backoffDelay: 5,
  delay: 0,
  env: '',
  workingDir: '',
  tags: [],
};

/** The request for a draft: one job, or one for each of several servers. Throws with what is wrong. */
export function requestOf(draft: JobDraft): { path: string; body: JobRequest | JobBulkRequest; many: boolean } {
  const { backoff, ...kept } = keptOf(draft);
  const body: JobBulkRequest = { ...workOf(draft), ...kept };
  if (draft.name.trim()) body.name = draft.name.trim();
  if (draft.queue.trim()) body.queue = draft.queue.trim();
  if (draft.priority !== 5) body.priority = draft.priority;
  if (draft.timeout !== 300) body.timeout = draft.timeout;
  if (draft.maxAttempts !== '') {
    body.max_attempts = draft.maxAttempts;
    if (draft.maxAttempts > 1 && (backoff || draft.backoff !== 'exponential' || draft.backoffDelay !== 5))
      body.backoff = { ...backoff, kind: draft.backoff, delay: draft.backoffDelay };
  }
  if (draft.delay > 0) body.delay = draft.delay;
  if (draft.tags.length) body.tags = draft.tags;
  if (draft.origin) body.origin_id = draft.origin;
  if (draft.tab === 'task') return { path: '/jobs', body, many: false };

  const many = draft.servers.length > 1 || draft.serverTags.length > 0;
  if (many) {
    if (draft.servers.length) body.server_ids = draft.servers;
    if (draft.serverTags.length) body.server_tags = draft.serverTags;
    return { path: '/jobs/bulk', body, many };
  }
  if (draft.servers[0]) body.server_id = draft.servers[0];
  return { path: draft.tab === 'script' ? '/jobs/script' : '/jobs', body, many };
}

function workOf(draft: JobDraft): JobRequest {
  if (draft.tab === 'task') {
    if (!draft.jobType.trim()) throw new Error('Name the task’s type.');
    try {
      return { job_type: draft.jobType.trim(), payload: draft.payload.trim() ? JSON.parse(draft.payload) : undefined };
    } catch (error) {
      throw new Error(`The payload is not JSON: ${(error as Error).message}`);
    }
  }
  const work: JobRequest = draft.tab === 'command' ? { command: draft.command.trim() } : { script: draft.script };
  if (draft.tab === 'command' && !draft.command.trim()) throw new Error('Write the command to run.');
  if (draft.tab === 'script' && !draft.script.trim()) throw new Error('Write the script to run.');
  if (draft.tab === 'script' && draft.args.trim()) work.args = draft.args.trim();
  if (draft.shell.trim() && draft.tab === 'script') work.shell = draft.shell.trim();
  if (draft.workingDir.trim()) work.working_dir = draft.workingDir.trim();
  const env = parseEnv(draft.env);
  if (Object.keys(env).length) work.env = env;
  return work;
}

function keptOf({ kept = {}, tab }: JobDraft): Kept {
  if (tab !== 'task') return kept;
  return Object.fromEntries(Object.entries(kept).filter(([name]) => !(SHELL_ONLY as readonly string[]).includes(name)));
}

/** `NAME=value`, one a line. */
export function parseEnv(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const at = line.indexOf('=');
    if (at < 1) throw new Error(`“${line}” is no variable; write NAME=value.`);
    env[line.slice(0, at).trim()] = line.slice(at + 1);
  }
  return env;
}

/** A job's input again as a draft, to be changed and run; or that of a schedule's job. */
export function draftOf(job: Job | JobRequest): JobDraft {
  const args = Array.isArray(job.args) ? job.args.map(quote).join(' ') : (job.args ?? '');
  return {
    ...EMPTY,
    tab: job.script != null ? 'script' : job.job_type != null ? 'task' : 'command',
    command: job.command ? [Array.isArray(job.args) ? quote(job.command) : job.command, args].filter(Boolean).join(' ') : '',
    script: job.script ?? EMPTY.script,
    args: job.script ? args : '',
    shell: job.shell ?? '',
    jobType: job.job_type ?? '',
    payload: job.payload == null ? '{}' : JSON.stringify(job.payload, null, 2),
    servers: job.server_id ? [job.server_id] : [],
    name: job.name ?? '',
    queue: !job.queue || job.queue === 'default' ? '' : job.queue,
    priority: job.priority ?? EMPTY.priority,
    timeout: job.timeout ?? EMPTY.timeout,
    maxAttempts: job.max_attempts ?? '',
    backoff: job.backoff?.kind ?? 'exponential',
    backoffDelay: job.backoff?.delay ?? 5,
    env: Object.entries(job.env ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    workingDir: job.working_dir ?? '',
    tags: [...(job.tags ?? [])],
    kept: keepOf(job),
    origin: 'id' in job ? job.id : undefined,
  };
}

function keepOf(job: Job | JobRequest): Kept | undefined {
  const lost = job.job_type == null ? 'fail' : 'retry';
  const pairs: [string, unknown][] = KEPT.map((name) => [name, job[name]]);
  const kept: Kept = Object.fromEntries(
    pairs.filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value != null && value !== false && value !== '' && value !== lost,
    ),
  );
  const { max, jitter } = job.backoff ?? {};
  if ((max ?? 3600) !== 3600 || (jitter ?? 0.1) !== 0.1) kept.backoff = { max, jitter };
  return Object.keys(kept).length ? kept : undefined;
}

/** A word as a shell reads it back unchanged. */
export const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
