import { expect, it } from 'vitest';
import { matchingLines } from './match';

it('finds each line once, by number, whatever the case and the colours', () => {
  const text = 'one\nTwo two\n\x1b[31mth\x1b[0mree\n\nTWO';
  expect(matchingLines(text, 100, 'two')).toEqual([101, 104]);
  expect(matchingLines(text, 0, 'three')).toEqual([2]);
  expect(matchingLines(text, 0, 'four')).toEqual([]);
});

it('agrees with a plain search', () => {
  const lines = Array.from({ length: 500 }, (_, i) => ((i * 37) % 11 === 0 ? `hit ${i}` : `line ${i}`));
  expect(matchingLines(lines.join('\n'), 0, 'hit')).toEqual(lines.flatMap((line, i) => (line.includes('hit') ? [i] : [])));
});
