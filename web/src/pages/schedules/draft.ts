import type { JobRequest, Schedule, ScheduleRequest } from '@/api/types';
import { draftOf, EMPTY, type JobDraft, requestOf } from '../run/draft';

/** A schedule as it is being written in the form. */
export type ScheduleDraft = {
  name: string;
  cron: string;
  timezone: string;
  catchUp: 'skip' | 'one' | 'all';
  overlap: 'skip' | 'queue' | 'allow' | 'cancel';
  jitter: number;
  paused: boolean;
  job: JobDraft;
};

/** What a form can say about a job. All else that a schedule's job has stays when it is edited here. */
const SAID = [
  'command script args server_id shell env working_dir job_type payload name queue priority timeout max_attempts backoff tags',
].flatMap((names) => names.split(' '));

export function draftOfSchedule(schedule: Schedule | undefined, zone: string): ScheduleDraft {
  if (!schedule)
    return { name: '', cron: '', timezone: zone, catchUp: 'skip', overlap: 'skip', jitter: 0, paused: false, job: { ...EMPTY } };
  return {
    name: schedule.name,
    cron: schedule.cron,
    timezone: schedule.timezone,
    catchUp: schedule.catch_up,
    overlap: schedule.overlap,
    jitter: schedule.jitter,
    paused: schedule.paused,
    job: draftOf(schedule.job),
  };
}

/** The request for a draft. Throws with what is wrong with the job. */
export function scheduleRequest(draft: ScheduleDraft, before?: Schedule): ScheduleRequest {
  const kept = Object.fromEntries(Object.entries(before?.job ?? {}).filter(([name]) => !SAID.includes(name)));
  const said = requestOf({ ...draft.job, delay: 0, serverTags: [], servers: draft.job.servers.slice(0, 1) }).body as JobRequest;
  // The form knows kind and first wait of a backoff, not its longest wait and jitter.
  const backoff = before?.job.backoff && said.backoff ? { ...before.job.backoff, ...said.backoff } : said.backoff;
  return {
    name: draft.name.trim(),
    cron: draft.cron.trim(),
    timezone: draft.timezone.trim() || 'UTC',
    job: { ...kept, ...said, ...(backoff && { backoff }) },
    catch_up: draft.catchUp,
    overlap: draft.overlap,
    jitter: draft.jitter,
    paused: draft.paused,
  };
}

/** When the list is to be asked for again although nothing was told: just after a firing that may be left out. */
export function nextLook(schedules: Pick<Schedule, 'next_at' | 'jitter'>[], now: number): number | undefined {
  const times = schedules.flatMap((each) => (each.next_at ? [Date.parse(each.next_at) + each.jitter * 1000] : []));
  if (times.length === 0) return undefined;
  // setTimeout takes at most 24 days; a second later the firing is done.
  return Math.min(Math.max(1000, Math.min(...times) + 1500 - now), 86_400_000);
}
