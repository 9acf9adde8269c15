import { expect, it } from 'vitest';
import { marks } from './scale';

it('marks an axis with few round whole numbers, the last above the most', () => {
  expect([0, 1, 3, 7, 12, 90, 1001].map((most) => marks(most))).toEqual([
    [0, 1],
    [0, 1],
    [0, 1, 2, 3],
    [0, 2, 4, 6, 8],
    [0, 5, 10, 15],
    [0, 50, 100],
    [0, 500, 1000, 1500],
  ]);
});
