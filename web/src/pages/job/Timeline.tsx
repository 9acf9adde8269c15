import type { Job } from '@/api/types';
import { useNow } from '@/time/clock';
import { duration } from '@/time/format';
import classes from './JobPage.module.css';
import { timelineOf } from './timelineOf';

/** Where the time went: queued, connecting, running, waiting for retry. */
export function Timeline({ job }: { job: Job }) {
  const spans = timelineOf(job, useNow());
  if (spans.length === 0) return null;
  const shown = spans.length > 8 ? spans.slice(-8) : spans;
  return (
    <div className={classes.timeline}>
      <div className={classes.bar} aria-hidden>
        {spans.map((span) => (
          <span
            key={`${span.what} ${span.from}`}
            title={`${span.what}: ${duration((span.to - span.from) / 1000)}`}
            style={{ flexGrow: Math.max(span.to - span.from, 1), '--tone': `var(--status-${span.tone})` } as React.CSSProperties}
          />
        ))}
      </div>
      <div className={classes.legend}>
        {shown.map((span) => (
          <span key={`${span.what} ${span.from}`}>
            <i style={{ '--tone': `var(--status-${span.tone})` } as React.CSSProperties} />
            {span.what} {duration((span.to - span.from) / 1000)}
          </span>
        ))}
      </div>
    </div>
  );
}
