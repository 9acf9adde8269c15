import type { Job, JobStatus } from '@/api/types';

export type Span = { what: string; tone: JobStatus; from: number; to: number };

/** What the job's time went into, in order. */
export function timelineOf(job: Pick<Job, 'created_at' | 'run_at' | 'finished_at' | 'attempts' | 'status'>, now: number): Span[] {
  const spans: Span[] = [];
  const add = (what: string, tone: JobStatus, from: number, to: number) => to > from && spans.push({ what, tone, from, to });
  const end = job.finished_at ? Date.parse(job.finished_at) : now;
  const attempts = job.attempts ?? [];
  const created = Date.parse(job.created_at);
  const due = job.run_at ? Date.parse(job.run_at) : created;
  let at = created;
  const firstStart = attempts[0] ? Date.parse(attempts[0].started_at) : end;
  // run_at is that of the latest wait: only before the first attempt does it say when the job was first due.
  if (attempts.length === 0 && due > created) {
    add('scheduled', 'scheduled', created, Math.min(due, firstStart));
    at = Math.min(due, firstStart);
  }
  attempts.forEach((attempt, i) => {
    const start = Date.parse(attempt.started_at);
    const stop = attempt.finished_at ? Date.parse(attempt.finished_at) : end;
    const connected = Math.min(stop, start + (attempt.connect_time ?? 0) * 1000);
    add(i === 0 ? 'queued' : 'waiting for retry', i === 0 ? 'queued' : 'retrying', at, start);
    add(`attempt ${attempt.number}: connecting`, 'scheduled', start, connected);
    add(`attempt ${attempt.number}: running`, toneOf(attempt.outcome), connected, stop);
    at = stop;
  });
  if (!job.finished_at && attempts.every((attempt) => attempt.finished_at))
    add(attempts.length ? 'waiting for retry' : 'queued', attempts.length ? 'retrying' : 'queued', at, end);
  return spans;
}

function toneOf(outcome: string | null | undefined): JobStatus {
  if (!outcome) return 'running';
  if (outcome === 'completed') return 'completed';
  return outcome === 'canceled' || outcome === 'handed_back' ? 'canceled' : 'failed';
}
