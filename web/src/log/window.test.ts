import { expect, it } from 'vitest';
import { PART, partsOf, rowsOf } from './window';

it('cuts a long log into parts that hold every row once, none of them tiny', () => {
  for (const count of [0, 1, PART, PART + 1, PART * 1.5, PART * 1.5 + 1, PART * 2 + 1, PART * 7.3]) {
    const sizes = Array.from({ length: partsOf(count) }, (_, part) => rowsOf(part, count));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
    if (sizes.length > 1) expect(Math.min(...sizes)).toBeGreaterThan(PART / 2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(PART * 1.5);
  }
});
