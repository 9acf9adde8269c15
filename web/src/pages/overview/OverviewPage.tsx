import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { queries } from '@/api/queries';
import { STATUS_ICONS } from '@/theme/status';
import { count, duration } from '@/time/format';
import { Time } from '@/time/Time';
import { Empty, ErrorNote, PageHeader, Panel, SkeletonRows } from '@/ui/blocks';
import { Sparkline } from '@/ui/Sparkline';
import { StatusBadge, ToneBadge } from '@/ui/StatusBadge';
import { stepWords } from '../servers/steps';
import { FirstJob } from './FirstJob';
import classes from './OverviewPage.module.css';
import { Throughput, ThroughputLegend } from './Throughput';
import { useTrend } from './trend';

/** How far the series go back, in seconds. */
const RANGES: Record<string, number> = { '1h': 3600, '6h': 21_600, '24h': 86_400, '7d': 604_800 };

export default function OverviewPage() {
  const counts = useQuery(queries.counts({}));
  const { range = '1h' } = useSearch({ from: '/frame/' });
  const navigate = useNavigate({ from: '/' });
  const window = RANGES[range] ?? RANGES['1h']!;
  const enhanced = useQuery({ ...queries.enhanced(window), placeholderData: keepPreviousData });
  const queues = useQuery(queries.queues());
  const servers = useQuery(queries.servers());
  const failures = useQuery(queries.recent({ status: ['failed'] }, 8, '-finished_at'));
  const points = enhanced.data?.throughput ?? [];
  const waits = (queues.data?.items ?? []).map((queue) => queue.stats);
  const oldest = Math.max(0, ...waits.map((stats) => stats.oldest_job_age ?? 0));
  const p95 = Math.max(0, ...waits.map((stats) => stats.p95_wait_time ?? 0));
  const workers = enhanced.data?.worker_status;
  const sick = (servers.data?.items ?? []).filter((server) => server.is_active && server.status?.ok === false);
  const trends = {
    running: useTrend(counts.data?.running),
    queued: useTrend(counts.data?.queued),
    oldest: useTrend(queues.data && oldest),
    p95: useTrend(queues.data && p95),
    busy: useTrend(workers?.busy),
  };
  if (counts.isError) return <ErrorNote error={counts.error} what="The overview could not be loaded." retry={() => counts.refetch()} />;
  if (counts.data?.total === 0) return <FirstJob servers={servers.data?.items.filter((server) => server.kind === 'ssh').length ?? 0} />;

  return (
    <>
      <PageHeader title="Overview">
        <div role="group" aria-label="Time range" className={classes.ranges}>
          {Object.keys(RANGES).map((each) => (
            <button
              type="button"
              key={each}
              aria-pressed={each === range}
              onClick={() => navigate({ search: { range: each === '1h' ? undefined : each } })}
            >
              {each}
            </button>
          ))}
        </div>
      </PageHeader>
      <div className={classes.tiles}>
        <Tile
          label="Running"
          value={counts.data && count(counts.data.running)}
          to={{ status: ['running'] }}
          tone="running"
          visit={trends.running}
        />
        <Tile
          label="Queued"
          value={counts.data && count(counts.data.queued)}
          to={{ status: ['queued'] }}
          tone="queued"
          note={counts.data?.retrying ? `${count(counts.data.retrying)} retrying` : undefined}
          visit={trends.queued}
        />
        <Tile
          label={`Failed, last ${range === '1h' ? 'hour' : range}`}
          value={enhanced.data && count(points.reduce((sum, point) => sum + point.failed, 0))}
          to={{ status: ['failed'], sort: '-finished_at' }}
          tone="failed"
          series={points.map((point) => point.failed)}
        />
        <Tile
          label="Oldest wait"
          value={queues.data && (oldest ? duration(oldest) : 'none')}
          to={{ status: ['queued'], sort: 'created_at' }}
          tone="queued"
          visit={trends.oldest}
        />
        <Tile
          label="p95 wait"
          value={queues.data && (p95 ? duration(p95) : '–')}
          to={{ status: ['queued'], sort: 'created_at' }}
          tone="retrying"
          visit={trends.p95}
        />
        <Tile
          label="Workers"
          value={workers && `${workers.active_workers}`}
          note={workers && `${workers.busy}/${workers.total_capacity} busy`}
          page="/workers"
          tone="completed"
          visit={trends.busy}
        />
      </div>
      <div className={classes.columns}>
        <Panel title="Throughput" verbs={<ThroughputLegend points={points} />}>
          {enhanced.data ? <Throughput points={points} days={window > 86_400} /> : <div className="skeleton" style={{ height: 220 }} />}
        </Panel>
        <Panel title="Unhealthy servers" verbs={<Link to="/servers">All servers</Link>} pad={false}>
          {servers.isPending ? (
            <SkeletonRows rows={3} />
          ) : sick.length === 0 ? (
            <Empty title="None">Every server that was checked answered.</Empty>
          ) : (
            <table className="table">
              <tbody>
                {sick.map((server) => (
                  <tr key={server.id}>
                    <td>
                      <Link to="/jobs" search={{ server: server.name }}>
                        {server.name}
                      </Link>
                    </td>
                    <td title={server.status?.error ?? undefined}>
                      <ToneBadge tone="failed" icon={STATUS_ICONS.failed}>
                        {stepWords(server.status?.failed_step)}
                      </ToneBadge>
                    </td>
                    <td className="num">
                      <Time at={server.status?.checked_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
      </div>
      <Panel
        title="Recent failures"
        verbs={
          <Link to="/jobs" search={{ status: ['failed'], sort: '-finished_at' }}>
            All failures
          </Link>
        }
        pad={false}
      >
        {failures.isPending ? (
          <SkeletonRows rows={4} />
        ) : failures.data?.items.length ? (
          <div className="scroll-x">
            <table className="table cards">
              <tbody>
                {failures.data.items.map((job) => (
                  <tr key={job.id}>
                    <td style={{ width: 100 }}>
                      <StatusBadge status={job.status} />
                    </td>
                    <td className="num" style={{ width: 130 }}>
                      <Time at={job.finished_at} />
                    </td>
                    <td className="wide">
                      <Link to="/jobs/$id" params={{ id: job.id }} className="mono">
                        {job.name ?? job.preview}
                      </Link>
                    </td>
                    <td className="off">{job.server_name}</td>
                    <td className="wide soft" style={{ whiteSpace: 'normal' }}>
                      {job.error}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <Empty title="No failures">Nothing that is kept has failed.</Empty>
        )}
      </Panel>
    </>
  );
}

type TileProps = {
  label: string;
  value?: React.ReactNode;
  note?: string;
  tone: string;
  to?: Record<string, unknown>;
  page?: string;
  /** What it was over the chosen range. */
  series?: number[];
  /** What it was since the page was opened. */
  visit?: number[];
};

function Tile({ label, value, note, tone, to, page = '/jobs', series, visit }: TileProps) {
  return (
    <Link to={page} search={to as never} className={`panel ${classes.tile}`}>
      <span className="soft">{label}</span>
      <span className={classes.value}>
        {value ?? <span className="skeleton" style={{ display: 'inline-block', width: 48, height: 20 }} />}
      </span>
      <span className={classes.foot}>
        <span title={series ? undefined : 'Since this page was opened'}>
          <Sparkline values={series ?? visit ?? []} tone={`var(--status-${tone})`} />
        </span>
        {note && <span className="soft cut">{note}</span>}
      </span>
    </Link>
  );
}
