import type { JobCounts } from '@/api/types';
import { STATUSES } from '@/api/types';
import { STATUS_ICONS } from '@/theme/status';
import { count } from '@/time/format';
import classes from './JobsPage.module.css';
import type { JobsSearch } from './search';

export function StatusTabs({ search, counts, go }: { search: JobsSearch; counts?: JobCounts; go: (search: JobsSearch) => void }) {
  const { status, ...rest } = search;
  return (
    <div className={classes.tabs} role="tablist" aria-label="Status">
      <button type="button" role="tab" className={classes.tab} aria-selected={!status} onClick={() => go(rest)}>
        All <span className="soft">{counts ? count(counts.total) : ''}</span>
      </button>
      {STATUSES.map((name) => {
        const Icon = STATUS_ICONS[name];
        return (
          <button
            type="button"
            role="tab"
            key={name}
            className={classes.tab}
            aria-selected={status?.includes(name) ?? false}
            title="Hold ⌘ or Ctrl to choose several"
            onClick={(event) => {
              if (!(event.metaKey || event.ctrlKey)) return go({ ...rest, status: [name] });
              const next = status?.includes(name) ? status.filter((each) => each !== name) : [...(status ?? []), name];
              go({ ...rest, ...(next.length ? { status: next } : {}) });
            }}
          >
            <Icon size={13} color={`var(--status-${name})`} aria-hidden />
            {name} <span className="soft">{counts ? count(counts[name]) : ''}</span>
          </button>
        );
      })}
    </div>
  );
}
