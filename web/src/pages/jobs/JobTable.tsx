import { useMediaQuery } from '@mantine/hooks';
import { useRouter } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type MouseEvent, type RefObject, useEffect } from 'react';
import type { JobSummary } from '@/api/types';
import { useAnchor } from './anchor';
import type { Column } from './columns';
import { JobRow } from './JobRow';
import classes from './JobTable.module.css';
import type { useSelection } from './selection';
import { compactRows } from './views';

type Props = {
  jobs: JobSummary[];
  ids: string[];
  columns: Column[];
  scroller: RefObject<HTMLDivElement | null>;
  selection: ReturnType<typeof useSelection>;
  onEnd: () => void;
  onScrolled: (scrolled: boolean) => void;
};

/** The rows that are in sight; on a phone each is a card of two lines. */
export function JobTable({ jobs, ids, columns, scroller, selection, onEnd, onScrolled }: Props) {
  const router = useRouter();
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
  const remember = useAnchor(scroller, ids, height);
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

  // The clicks of all rows: one chooses by its box and opens by its link.
  const onClick = (event: MouseEvent) => {
    const target = event.target as HTMLElement;
    const id = target.closest<HTMLElement>('[data-id]')?.dataset.id;
    if (!id) return;
    if (target instanceof HTMLInputElement) {
      selection.put(id);
      if (event.shiftKey) selection.range(id);
      else selection.toggle(id);
    } else if (target.closest('a') && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      router.navigate({ to: '/jobs/$id', params: { id } });
    }
  };
  const onPointerOver = (event: MouseEvent) => {
    const id = (event.target as HTMLElement).closest('a')?.closest<HTMLElement>('[data-id]')?.dataset.id;
    if (id) router.preloadRoute({ to: '/jobs/$id', params: { id } });
  };

  const template = `28px ${columns.map((column) => column.width).join(' ')}`;
  const all = jobs.length > 0 && selection.chosen.size >= jobs.length;
  const some = !all && selection.chosen.size > 0;
  return (
    <div
      className={classes.scroll}
      ref={scroller}
      onScroll={(event) => {
        remember();
        onScrolled(event.currentTarget.scrollTop > 8);
      }}
      data-testid="jobs"
    >
      <div role="table" aria-label="Jobs" aria-rowcount={jobs.length + 1} className={classes.table}>
        {!narrow && (
          <div role="row" aria-rowindex={1} className={classes.head} style={{ gridTemplateColumns: template }}>
            <span role="columnheader">
              <input
                type="checkbox"
                className="check"
                aria-label="Select all that are loaded"
                checked={all}
                ref={(box) => {
                  if (box) box.indeterminate = some;
                }}
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
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the boxes and links inside are reached by keyboard, and their keys click */}
        <div
          role="rowgroup"
          style={{ height: virtual.getTotalSize(), position: 'relative' }}
          onClick={onClick}
          onPointerOver={onPointerOver}
        >
          {items.map((item) => {
            const job = jobs[item.index]!;
            return (
              <JobRow
                key={job.id}
                job={job}
                index={item.index}
                top={item.start}
                height={height}
                chosen={selection.everything || selection.chosen.has(job.id)}
                cursor={selection.cursorId === job.id}
                columns={narrow ? undefined : columns}
                grid={narrow ? undefined : template}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
