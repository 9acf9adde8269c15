import type { JobStatus, JobSummary } from '@/api/types';

export type Point = { x: number; y: number; id: string; name: string; status: JobStatus };

/** Runs as points: when they were accepted, and seconds that they took. */
export const pointsOf = (jobs: readonly JobSummary[]): Point[] =>
  jobs.flatMap((job) =>
    job.duration
      ? [
          {
            x: Date.parse(job.created_at),
            y: Math.max(job.duration, 0.001),
            id: job.id,
            name: job.name ?? job.preview,
            status: job.status,
          },
        ]
      : [],
  );

/** How far the axes reach, with some room for a single point. */
export function domainsOf(points: readonly Point[]): { x: [number, number]; y: [number, number] } {
  const range = (of: (point: Point) => number): [number, number] => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const point of points) [min, max] = [Math.min(min, of(point)), Math.max(max, of(point))];
    return [min, max];
  };
  const [first, last] = range((point) => point.x);
  const [least, most] = range((point) => point.y);
  const room = Math.max(1000, (last - first) * 0.01);
  return { x: [first - room, last + room], y: [least / 1.3, most * 1.3] };
}

/** The point next to a place, no farther than `reach`. */
export function nearest<P extends { left: number; top: number }>(
  points: readonly P[],
  left: number,
  top: number,
  reach: number,
): P | undefined {
  let found: P | undefined;
  let least = reach * reach;
  for (const point of points) {
    const distance = (point.left - left) ** 2 + (point.top - top) ** 2;
    if (distance <= least) {
      least = distance;
      found = point;
    }
  }
  return found;
}
