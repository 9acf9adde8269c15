import type { JobSummary } from '@/api/types';

const listeners = new Set<(job: JobSummary) => void>();

/** Tells lists of jobs that were just accepted. */
export const arrivals = {
  created(job: JobSummary) {
    for (const listener of listeners) listener(job);
  },
  onCreated(listener: (job: JobSummary) => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};
