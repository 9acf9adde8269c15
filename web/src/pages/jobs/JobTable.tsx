import { Checkbox } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type RefObject, useEffect } from 'react';
import type { JobSummary } from '@/api/types';
import { duration } from '@/time/format';
import { Time } from '@/time/Time';
import { StatusBadge } from '@/ui/StatusBadge';
import type { Column } from './columns';
import classes from './JobTable.module.css';
import type { useSelection } from './selection';
import { compactRows } from './views';

type Props = {
  jobs: JobSummary[];
  columns: Column[];
  scroller: RefObject<HTMLDivElement | null>;
  selection: ReturnType<typeof useSelection>;
  onEnd: () => void;
  onScrolled: (scrolled: boolean) => void;
};

/** The rows that are in sight; on a phone each is a card of two lines. */
export function JobTable({ jobs, columns, scroller, selection, onEnd, onScrolled }: Props) {
  const narrow = useMediaQuery('(max-width: 767px)', false, { getInitialValueInEffect: false });
  const compact = compactRows.use();
  const height = narrow ? 56 : compact ? 28 : 32;
  const virtual = useVirtualizer({
    count: jobs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 10,
    getItemKey: (i) => jobs[i]!.id,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew when the form of the rows changes
  useEffect(() => virtual.measure(), [height]);
  useEffect(() => {
    if (jobs.length > 0 && last >= jobs.length - 20) onEnd();
  }, [last, jobs.length, onEnd]);
  useEffect(() => {
    if (selection.cursor >= 0) virtual.scrollToIndex(selection.cursor, { align: 'auto' });
  }, [selection.cursor, virtual]);

  const template = `28px ${columns.map((column) => column.width).join(' ')}`;
  const all = jobs.length > 0 && selection.chosen.size >= jobs.length;
  return (
    <div className={classes.scroll} ref={scroller} onScroll={(event) => onScrolled(event.currentTarget.scrollTop > 8)} data-testid="jobs">
      <div role="table" aria-label="Jobs" aria-rowcount={jobs.length + 1} className={classes.table}>
        {!narrow && (
          <div role="row" aria-rowindex={1} className={classes.head} style={{ gridTemplateColumns: template }}>
            <span role="columnheader">
              <Checkbox
                aria-label="Select all that are loaded"
                checked={all}
                indeterminate={!all && selection.chosen.size > 0}
                onChange={() => (all ? selection.clear() : selection.all())}
              />
            </span>
            {columns.map((column) => (
              <span role="columnheader" key={column.id} className={column.num ? 'num' : undefined}>
                {column.title}
              </span>
            ))}
          </div>
        )}
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const job = jobs[item.index]!;
            const chosen = selection.everything || selection.chosen.has(job.id);
            return (
              <div
                key={job.id}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={chosen}
                data-id={job.id}
                className={`${classes.row}${chosen ? ` ${classes.chosen}` : ''}${selection.cursorId === job.id ? ` ${classes.cursor}` : ''}`}
                style={{ transform: `translateY(${item.start}px)`, gridTemplateColumns: narrow ? undefined : template, height }}
              >
                <span role="cell">
                  <Checkbox
                    aria-label={`Select ${job.name ?? job.preview}`}
                    checked={chosen}
                    onChange={() => undefined}
                    onClick={(event) => {
                      selection.put(job.id);
                      if (event.shiftKey) selection.range(job.id);
                      else selection.toggle(job.id);
                    }}
                  />
                </span>
                {narrow ? <Card job={job} /> : <Cells job={job} columns={columns} />}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const Cells = memo(function Cells({ job, columns }: { job: JobSummary; columns: Column[] }) {
  return columns.map((column) => (
    <span role="cell" key={column.id} className={`cut${column.num ? ' num' : ''}`}>
      {column.cell(job)}
    </span>
  ));
});

const Card = memo(function Card({ job }: { job: JobSummary }) {
  return (
    <span role="cell" className={classes.card}>
      <span className={classes.line}>
        <Link to="/jobs/$id" params={{ id: job.id }} className="cut mono">
          {job.name ?? job.preview}
        </Link>
        <StatusBadge status={job.status} />
      </span>
      <span className={`${classes.line} soft`}>
        <span className="cut">{[job.server_name, job.queue].filter(Boolean).join(' · ')}</span>
        <span>
          {job.duration != null ? `${duration(job.duration)} · ` : ''}
          <Time at={job.started_at ?? job.created_at} />
        </span>
      </span>
    </span>
  );
});
