import { Button, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo } from 'react';
import { api } from '@/api/client';
import type { JobList } from '@/api/types';
import { count, duration } from '@/time/format';
import { Empty, ErrorNote, PageHeader, Panel, SkeletonRows } from '@/ui/blocks';
import { type By, NONE, summarize } from './summary';

const Scatter = lazy(() => import('./RunScatter'));
const RANGES: Record<string, number> = { '1h': 3600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 };
const LIMIT = 5000;
const PAGE = 500;
const FINISHED = { status: ['completed', 'failed', 'canceled'] };

export default function StatisticsPage() {
  const search = useSearch({ from: '/frame/statistics' });
  const navigate = useNavigate();
  const by = (['name', 'server', 'queue'].includes(search.by ?? '') ? search.by : 'name') as By;
  const range = search.range && RANGES[search.range] ? search.range : '24h';
  const go = (change: { by?: string; range?: string }) => navigate({ to: '/statistics', search: { by, range, ...change } });
  const after = useMemo(() => new Date(Date.now() - RANGES[range]! * 1000).toISOString(), [range]);
  // Page by page, each shown as it comes: the first tells the most, and thousands are not waited for.
  const runs = useInfiniteQuery({
    queryKey: ['jobs', 'statistics', range],
    queryFn: ({ pageParam, signal }) =>
      api.get<JobList>('/jobs', { ...FINISHED, created_after: after, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page, pages) => (pages.length * PAGE < LIMIT ? (page.next_cursor ?? undefined) : undefined),
    staleTime: 60_000,
  });
  const { hasNextPage, isFetching, isError, fetchNextPage } = runs;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const jobs = useMemo(() => runs.data?.pages.flatMap((page) => page.items), [runs.data]);
  const groups = useMemo(() => summarize(jobs ?? [], by), [jobs, by]);
  const open = (from: number, to: number) =>
    navigate({ to: '/jobs', search: { after: new Date(from).toISOString(), before: new Date(to).toISOString() } });

  return (
    <>
      <PageHeader
        title="Statistics"
        note={
          jobs &&
          (jobs.length >= LIMIT
            ? `the last ${count(LIMIT)} finished jobs`
            : `${count(jobs.length)} finished jobs${hasNextPage ? ', more to come…' : ''}`)
        }
      >
        <SegmentedControl
          size="xs"
          aria-label="Group by"
          value={by}
          onChange={(value) => go({ by: value })}
          data={['name', 'server', 'queue']}
        />
        <SegmentedControl
          size="xs"
          aria-label="Time range"
          value={range}
          onChange={(value) => go({ range: value })}
          data={Object.keys(RANGES)}
        />
        <Button variant="default" loading={runs.isFetching} onClick={() => runs.refetch()}>
          Refresh
        </Button>
      </PageHeader>
      {runs.isError && <ErrorNote error={runs.error} what="The jobs could not be loaded." retry={() => runs.refetch()} />}
      <Panel title="Duration over time" verbs={<span className="soft">drag over a stretch to open its jobs</span>}>
        <div style={{ height: 260 }}>
          <Suspense fallback={<div className="skeleton" style={{ height: 260 }} />}>
            {jobs && <Scatter jobs={jobs} open={open} openJob={(id) => navigate({ to: '/jobs/$id', params: { id } })} />}
          </Suspense>
        </div>
      </Panel>
      <div className="panel scroll-x" style={{ marginTop: 12 }}>
        {runs.isPending ? (
          <SkeletonRows rows={8} />
        ) : groups.length === 0 ? (
          <Empty title="Nothing finished in this time">Choose a longer range.</Empty>
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th>{by === 'name' ? 'Job' : by === 'server' ? 'Server' : 'Queue'}</th>
                <th className="num">Count</th>
                <th className="num">Failed</th>
                <th className="num small-off">p50</th>
                <th className="num">p95</th>
                <th className="num small-off">p99</th>
              </tr>
            </thead>
            <tbody>
              {groups.slice(0, 200).map((group) => (
                <tr key={group.name}>
                  <td className={by === 'name' ? 'mono cut' : 'cut'} style={{ maxWidth: 0, width: '100%' }} title={group.name}>
                    {group.name === NONE ? group.name : <GroupLink by={by} name={group.name} />}
                  </td>
                  <td className="num">{count(group.count)}</td>
                  <td className="num" style={{ color: group.failed ? 'var(--status-failed)' : undefined }}>
                    {group.failed ? `${((group.failed / group.count) * 100).toFixed(1)} %` : '0 %'}
                  </td>
                  <td className="num small-off">{duration(group.p50)}</td>
                  <td className="num">{duration(group.p95)}</td>
                  <td className="num small-off">{duration(group.p99)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

/** Leads to the jobs that a line is about. */
function GroupLink({ by, name }: { by: By; name: string }) {
  // What is shown of a long command ends with a dot for what was cut off.
  const search = by === 'server' ? { server: name } : by === 'queue' ? { queue: name } : { q: name.replace(/…$/, '') };
  return (
    <Link to="/jobs" search={search}>
      {name}
    </Link>
  );
}
