import { useSaid, zoneStore } from './clock';
import { duration, full, moment, relative } from './format';

/** A moment in the zone that was chosen; the whole of it in the tooltip. */
export function Time({ at }: { at?: string | null }) {
  const zone = zoneStore.use();
  const value = at ? Date.parse(at) : 0;
  const text = useSaid((now) => moment(value, zone, now));
  if (!at) return <span className="soft">–</span>;
  return (
    <time dateTime={at} title={full(value, zone === 'utc' ? 'utc' : 'local')}>
      {text}
    </time>
  );
}

/** How long something has lasted that still goes on. */
export function Since({ at }: { at: string }) {
  const since = Date.parse(at);
  return <>{useSaid((now) => duration(Math.max(0, Math.floor((now - since) / 1000))))}</>;
}

/** How far off a moment to come is, beside its time of day. */
export function Until({ at }: { at: string }) {
  const zone = zoneStore.use();
  const value = Date.parse(at);
  const text = useSaid((now) => (value > now ? relative(value, now) : 'now'));
  return zone === 'relative' ? null : <span className="soft">{text}</span>;
}
