import { useNow, zoneStore } from './clock';
import { duration, full, moment, relative } from './format';

/** A moment in the zone that was chosen; the whole of it in the tooltip. */
export function Time({ at }: { at?: string | null }) {
  const zone = zoneStore.use();
  const now = useNow();
  if (!at) return <span className="soft">–</span>;
  const value = Date.parse(at);
  return (
    <time dateTime={at} title={full(value, zone === 'utc' ? 'utc' : 'local')}>
      {moment(value, zone, now)}
    </time>
  );
}

/** How long something has lasted that still goes on. */
export function Since({ at }: { at: string }) {
  const now = useNow();
  return <>{duration(Math.max(0, Math.floor((now - Date.parse(at)) / 1000)))}</>;
}

/** How far off a moment to come is, beside its time of day. */
export function Until({ at }: { at: string }) {
  const zone = zoneStore.use();
  const now = useNow();
  if (zone === 'relative') return null;
  return <span className="soft">{Date.parse(at) > now ? relative(Date.parse(at), now) : 'now'}</span>;
}
