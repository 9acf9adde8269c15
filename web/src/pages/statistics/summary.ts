import type { JobSummary } from '@/api/types';

export type Group = { name: string; count: number; failed: number; p50?: number; p95?: number; p99?: number };
export type By = 'name' | 'server' | 'queue';

/** Those that ran on no server. */
export const NONE = '–';

const nameOf = (job: JobSummary, by: By) =>
  by === 'server' ? (job.server_name ?? NONE) : by === 'queue' ? job.queue : (job.name ?? job.job_type ?? job.preview);

/** Finished jobs by what they have in common, the most frequent first. */
export function summarize(jobs: readonly JobSummary[], by: By): Group[] {
  const groups = new Map<string, JobSummary[]>();
  for (const job of jobs) {
    if (!job.finished_at) continue;
    const name = nameOf(job, by);
    const members = groups.get(name);
    if (members) members.push(job);
    else groups.set(name, [job]);
  }
  return [...groups]
    .map(([name, members]) => {
      const times = members.flatMap((job) => (job.duration == null ? [] : [job.duration])).sort((a, b) => a - b);
      return {
        name,
        count: members.length,
        failed: members.filter((job) => job.status === 'failed').length,
        p50: quantile(times, 0.5),
        p95: quantile(times, 0.95),
        p99: quantile(times, 0.99),
      };
    })
    .sort((a, b) => b.count - a.count);
}

/** The nearest-rank quantile of numbers in order. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted.length === 0 ? undefined : sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}
