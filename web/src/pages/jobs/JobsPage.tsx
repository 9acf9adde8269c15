import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { actOnJobs, rerunJob } from '@/api/jobActions';
import { PAGE, queries } from '@/api/queries';
import type { JobAction } from '@/api/types';
import { useKeys } from '@/keys/keys';
import { arrivals } from '@/live/events';
import { usePaletteVerbs } from '@/shell/paletteVerbs';
import { runDrawer } from '@/shell/runDrawer';
import { count } from '@/time/format';
import { Empty, ErrorNote, SkeletonRows } from '@/ui/blocks';
import { toast } from '@/ui/toast';
import { draftOf } from '../run/draft';
import { COLUMNS, DEFAULT_COLUMNS, TABLET_COLUMNS } from './columns';
import { JobsBar } from './JobsBar';
import classes from './JobsPage.module.css';
import { JobTable } from './JobTable';
import { StatusTabs } from './StatusTabs';
import { filterOf, type JobsSearch, mayMatch } from './search';
import { useSelection } from './selection';
import { lastList } from './views';

export default function JobsPage() {
  const search = useSearch({ from: '/frame/jobs' }) as JobsSearch;
  const navigate = useNavigate({ from: '/jobs' });
  const client = useQueryClient();
  const filter = useMemo(() => filterOf(search), [search]);
  const options = queries.jobs(filter, search.sort);
  const list = useInfiniteQuery(options);
  const { status: _, ...unlimited } = filter;
  const counts = useQuery(queries.counts(unlimited));
  const jobs = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const ids = useMemo(() => jobs.map((job) => job.id), [jobs]);
  const selection = useSelection(ids);
  const scroller = useRef<HTMLDivElement>(null);
  const scrolled = useRef(false);
  const { held, hold, release } = useHeld(ids);
  lastList.ids = ids;

  const go = useCallback((next: JobsSearch) => navigate({ search: next }), [navigate]);
  const refresh = useCallback(() => {
    release();
    // Only the first page is asked for anew; the rest comes as one scrolls.
    client.setQueryData(options.queryKey, (data) => data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) });
    client.invalidateQueries({ queryKey: options.queryKey });
    scroller.current?.scrollTo({ top: 0 });
  }, [client, options.queryKey, release]);
  useArrivals(search, scrolled, selection.chosen.size > 0, hold, refresh);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, nothing chosen in it yet
  useEffect(() => {
    selection.clear();
    release();
  }, [filter, search.sort]);

  const act = async (action: JobAction) => {
    const target = selection.everything
      ? { filter: filter as never }
      : { ids: selection.chosen.size ? [...selection.chosen] : selection.cursorId ? [selection.cursorId] : [] };
    if ('ids' in target && target.ids?.length === 0) return;
    if (await actOnJobs(client, { action, ...target })) selection.clear();
  };
  useKeys({
    '/': () => document.querySelector<HTMLInputElement>('#job-search')?.focus(),
    j: () => selection.move(1),
    k: () => selection.move(-1),
    x: () => selection.cursorId && selection.toggle(selection.cursorId),
    X: () => selection.cursorId && selection.range(selection.cursorId),
    Escape: selection.clear,
    Enter: () => selection.cursorId && navigate({ to: '/jobs/$id', params: { id: selection.cursorId } }),
    e: async () => {
      if (!selection.cursorId) return;
      try {
        runDrawer.open(draftOf(await client.fetchQuery(queries.job(selection.cursorId))));
      } catch (error) {
        toast.failed(error, 'The job could not be read');
      }
    },
    Backspace: () => act('cancel'),
    r: async () => {
      if (selection.chosen.size > 0) return act('rerun');
      const job = selection.cursorId && (await rerunJob(selection.cursorId));
      if (job) navigate({ to: '/jobs/$id', params: { id: job.id } });
    },
  });
  const chosen = selection.everything ? (total(counts.data, search) ?? jobs.length) : selection.chosen.size;
  usePaletteVerbs(
    chosen
      ? (['cancel', 'retry', 'rerun', 'delete'] as const).map((action) => ({
          label: `${action[0]!.toUpperCase()}${action.slice(1)} ${count(chosen)} selected`,
          run: () => act(action),
        }))
      : [],
  );

  const tablet = useMediaQuery('(max-width: 1099px)', false, { getInitialValueInEffect: false });
  const shown = search.cols ?? (tablet ? TABLET_COLUMNS : DEFAULT_COLUMNS);
  const columns = useMemo(() => COLUMNS.filter((column) => shown.includes(column.id)), [shown]);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  const onScrolled = useCallback((is: boolean) => {
    scrolled.current = is;
  }, []);

  return (
    <div className={classes.page}>
      <h1 className="hidden">Jobs</h1>
      <StatusTabs search={search} counts={counts.data} go={go} />
      <JobsBar search={search} go={go} shown={shown} />
      <div className={`panel ${classes.list}`}>
        {held > 0 && (
          <Button className={classes.held} size="compact-sm" onClick={refresh}>
            {count(held)} new
          </Button>
        )}
        {list.isPending ? (
          <SkeletonRows rows={16} />
        ) : list.isError ? (
          <ErrorNote error={list.error} what="The jobs could not be loaded." retry={() => list.refetch()} />
        ) : jobs.length === 0 ? (
          <NoJobs search={search} go={go} />
        ) : (
          <JobTable
            jobs={jobs}
            ids={ids}
            columns={columns}
            scroller={scroller}
            selection={selection}
            onEnd={more}
            onScrolled={onScrolled}
          />
        )}
      </div>
      {chosen > 0 && (
        <div className={classes.bulk} role="toolbar" aria-label="Selected jobs">
          <strong>{count(chosen)} selected</strong>
          {!selection.everything && jobs.length >= PAGE && hasNextPage && (
            <Button variant="subtle" onClick={() => selection.setEverything(true)}>
              Select all {count(total(counts.data, search) ?? jobs.length)} matching
            </Button>
          )}
          <span style={{ flex: 1 }} />
          <Button variant="default" onClick={() => act('cancel')}>
            Cancel
          </Button>
          <Button variant="default" onClick={() => act('retry')}>
            Retry
          </Button>
          <Button variant="default" onClick={() => act('rerun')}>
            Rerun
          </Button>
          <Button variant="default" onClick={() => act('delete')}>
            Delete
          </Button>
          <Button variant="subtle" color="gray" onClick={selection.clear}>
            Select none
          </Button>
        </div>
      )}
    </div>
  );
}

/** How many new jobs are held back. Those that the list has meanwhile, since it was read anew, are not. */
function useHeld(ids: string[]) {
  const jobs = useRef(new Set<string>());
  const [held, setHeld] = useState(0);
  const known = useRef(ids);
  known.current = ids;
  const hold = useCallback((id: string) => {
    if (known.current.includes(id)) return;
    jobs.current.add(id);
    setHeld(jobs.current.size);
  }, []);
  const release = useCallback(() => {
    jobs.current.clear();
    setHeld(0);
  }, []);
  useEffect(() => {
    if (jobs.current.size === 0) return;
    for (const id of ids) jobs.current.delete(id);
    setHeld(jobs.current.size);
  }, [ids]);
  return { held, hold, release };
}

/** New jobs: shown at once at the top of an untouched list, held back while one reads or has chosen rows. */
function useArrivals(
  search: JobsSearch,
  scrolled: React.RefObject<boolean>,
  choosing: boolean,
  hold: (id: string) => void,
  refresh: () => void,
) {
  // The latest of everything: a page that is drawn anew must not forget that it was about to look.
  const now = useRef({ search, choosing, refresh });
  now.current = { search, choosing, refresh };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = arrivals.onCreated((job) => {
      const { search, choosing } = now.current;
      if (!mayMatch(search, job)) return;
      if (scrolled.current || choosing || (search.sort && search.sort !== '-created_at')) hold(job.id);
      else
        timer ??= setTimeout(() => {
          timer = undefined;
          now.current.refresh();
        }, 500);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [scrolled, hold]);
}

function NoJobs({ search, go }: { search: JobsSearch; go: (search: JobsSearch) => void }) {
  const filtered = Object.keys(search).some((key) => key !== 'cols' && key !== 'sort');
  return filtered ? (
    <Empty
      title="No job matches"
      action={
        <Button variant="default" onClick={() => go({ cols: search.cols })}>
          Clear the filter
        </Button>
      }
    >
      Nothing is stored that fits all of the conditions.
    </Empty>
  ) : (
    <Empty title="No jobs yet" action={<Button onClick={() => runDrawer.open()}>Run the first job</Button>}>
      Run a command, a script or a task; it appears here at once.
    </Empty>
  );
}

function total(counts: Partial<Record<string, number>> | undefined, search: JobsSearch): number | undefined {
  if (!counts) return undefined;
  return search.status ? search.status.reduce((sum, status) => sum + (counts[status] ?? 0), 0) : counts.total;
}
