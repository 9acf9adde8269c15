export type Zone = 'local' | 'utc' | 'relative';

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** A moment for a table: short today, with the date before. */
export function moment(at: number, zone: Zone, now: number): string {
  if (zone === 'relative') return relative(at, now);
  const [date, today] = [new Date(at), new Date(now)];
  const p = parts(date, zone);
  const q = parts(today, zone);
  const clock = `${pad(p.hour)}:${pad(p.minute)}:${pad(p.second)}`;
  if (p.year === q.year && p.month === q.month && p.day === q.day) return clock;
  if (p.year === q.year) return `${pad(p.month)}-${pad(p.day)} ${clock}`;
  return `${p.year}-${pad(p.month)}-${pad(p.day)} ${clock.slice(0, 5)}`;
}

/** A moment in full, with its zone. */
export function full(at: number, zone: Zone): string {
  const date = new Date(at);
  const p = parts(date, zone);
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const suffix = zone === 'utc' ? 'UTC' : `UTC${sign}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  return `${p.year}-${pad(p.month)}-${pad(p.day)} ${pad(p.hour)}:${pad(p.minute)}:${pad(p.second)}.${pad(p.ms, 3)} ${suffix}`;
}

/** "12 s ago", "in 3 min". */
export function relative(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  const text = coarse(Math.abs(seconds));
  if (text === 'now') return text;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

function coarse(seconds: number): string {
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A stretch of time from seconds: 340 ms, 4.2 s, 3m 07s, 2h 05m, 3d 04h. */
export function duration(seconds: number | undefined | null): string {
  if (seconds === undefined || seconds === null || Number.isNaN(seconds)) return '–';
  if (seconds < 0.9995) return `${Math.round(Math.max(0, seconds) * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d ${pad(Math.floor((whole % 86_400) / 3600))}h`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ['KB', 'MB', 'GB'];
  let value = count / 1024;
  let unit = 0;
  while (value >= 1024 && unit < 2) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const count = (value: number) => value.toLocaleString('en-US');

function parts(date: Date, zone: Zone) {
  return zone === 'utc'
    ? {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
        ms: date.getUTCMilliseconds(),
      }
    : {
        year: date.getFullYear(),
        month: date.getMonth() + 1,
        day: date.getDate(),
        hour: date.getHours(),
        minute: date.getMinutes(),
        second: date.getSeconds(),
        ms: date.getMilliseconds(),
      };
}
