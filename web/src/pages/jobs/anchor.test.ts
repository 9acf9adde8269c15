import { expect, test } from 'vitest';
import { moved } from './anchor';

test('rows that come or go above what one reads are counted', () => {
  expect(moved({ id: 'c', index: 2 }, ['a', 'b', 'c', 'd'])).toBe(0);
  expect(moved({ id: 'c', index: 2 }, ['x', 'y', 'z', 'a', 'b', 'c'])).toBe(3);
  expect(moved({ id: 'c', index: 2 }, ['b', 'c'])).toBe(-1);
});

test('a row that is gone holds nothing', () => {
  expect(moved({ id: 'c', index: 2 }, ['a', 'b', 'd'])).toBe(0);
});
