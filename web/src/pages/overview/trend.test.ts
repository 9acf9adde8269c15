import { expect, it } from 'vitest';
import { Trend } from './trend';

it('keeps a number between its changes, and few points however long it goes', () => {
  const trend = new Trend(1000);
  trend.add(1, 0);
  trend.add(2, 500);
  trend.add(5, 3200);
  expect(trend.points).toEqual([2, 2, 2, 5]);
  for (let second = 4; second < 10_000; second++) trend.add(second, second * 1000);
  expect(trend.points.length).toBeLessThanOrEqual(96);
  expect(trend.points.at(-1)).toBe(9999);
  expect(trend.points).toEqual(trend.points.toSorted((a, b) => a - b));
});
