import { expect, it } from 'vitest';
import { bytes, duration, full, moment, relative } from './format';

const now = Date.UTC(2026, 5, 15, 12, 0, 0);

it('says a stretch of time in two units at most, and never rounds up to sixty', () => {
  expect([0, 0.34, 0.9996, 4.21, 59.7, 187, 3599.6, 7500, 273_600].map(duration)).toEqual([
    '0 ms',
    '340 ms',
    '1.0 s',
    '4.2 s',
    '1m 00s',
    '3m 07s',
    '1h 00m',
    '2h 05m',
    '3d 04h',
  ]);
  expect(duration(undefined)).toBe('–');
});

it('shows the date only when it is not today', () => {
  expect(moment(now - 3_600_000, 'utc', now)).toBe('11:00:00');
  expect(moment(now - 86_400_000, 'utc', now)).toBe('06-14 12:00:00');
  expect(moment(Date.UTC(2024, 0, 2, 3, 4), 'utc', now)).toBe('2024-01-02 03:04');
  expect(full(now, 'utc')).toBe('2026-06-15 12:00:00.000 UTC');
});

it('tells the past from the future', () => {
  expect([12_000, -180_000, 400].map((ms) => relative(now - ms, now))).toEqual(['12 s ago', 'in 3 min', 'now']);
});

it('counts bytes', () => {
  expect([512, 2048, 10_485_760].map(bytes)).toEqual(['512 B', '2.0 KB', '10 MB']);
});
