import { expect, it } from 'vitest';
import type { JobSummary } from '@/api/types';
import { domainsOf, nearest, pointsOf } from './points';

const job = (second: number, duration?: number) =>
  ({ id: `${second}`, preview: 'true', status: 'completed', created_at: new Date(second * 1000).toISOString(), duration }) as JobSummary;

it('makes a point of each run that took time, and axes that hold them all', () => {
  const points = pointsOf([job(10, 2), job(20), job(30, 0.0001)]);
  expect(points.map(({ x, y }) => [x, y])).toEqual([
    [10_000, 2],
    [30_000, 0.001],
  ]);
  const { x, y } = domainsOf(points);
  for (const point of points) {
    expect(point.x).toBeGreaterThan(x[0]);
    expect(point.x).toBeLessThan(x[1]);
    expect(point.y).toBeGreaterThan(y[0]);
    expect(point.y).toBeLessThan(y[1]);
  }
});

it('finds the point under the pointer, and none far from all', () => {
  const points = [
    { left: 0, top: 0 },
    { left: 10, top: 0 },
  ];
  expect(nearest(points, 7, 1, 6)).toBe(points[1]);
  expect(nearest(points, 100, 100, 6)).toBeUndefined();
});
