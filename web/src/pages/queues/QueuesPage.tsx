import { Button } from '@mantine/core';
import { IconAlertTriangle, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '@/api/client';
import { actOnJobs } from '@/api/jobActions';
import { queries } from '@/api/queries';
import type { Queue } from '@/api/types';
import { count, duration } from '@/time/format';
import { Empty, ErrorNote, PageHeader, SkeletonRows } from '@/ui/blocks';
import { ToneBadge } from '@/ui/StatusBadge';
import { toast } from '@/ui/toast';
import { Priorities } from './Priorities';

export default function QueuesPage() {
  const list = useQuery(queries.queues());
  return (
    <>
      <PageHeader title="Queues" />
      <div className="panel scroll-x">
        {list.isPending ? (
          <SkeletonRows rows={5} />
        ) : list.isError ? (
          <ErrorNote error={list.error} what="The queues could not be loaded." retry={() => list.refetch()} />
        ) : list.data.items.length === 0 ? (
          <Empty title="No queues yet">A queue comes to be with its first job.</Empty>
        ) : (
          <table className="table cards">
            <thead>
              <tr>
                <th>Queue</th>
                <th>State</th>
                <th className="num">Waiting</th>
                <th className="roomy">By priority</th>
                <th className="num">Running</th>
                <th className="num roomy">Retrying</th>
                <th className="num">Oldest</th>
                <th className="num roomy">In</th>
                <th className="num roomy">Out</th>
                <th className="num roomy">Wait, p50</th>
                <th className="num">Wait, p95</th>
                <th className="num roomy">Workers</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {list.data.items.map((queue) => (
                <Row key={queue.name} queue={queue} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

const rate = (each: number) => `${each < 10 ? each.toFixed(2) : count(Math.round(each))}/s`;

function Row({ queue }: { queue: Queue }) {
  const client = useQueryClient();
  const stats = queue.stats;
  const stuck = queue.queue_depth > 0 && stats.active_workers === 0;
  const switchPause = useMutation({
    mutationFn: () => api.post(`/queues/${encodeURIComponent(queue.name)}/${queue.paused ? 'resume' : 'pause'}`),
    onSuccess: () => {
      toast.done(queue.paused ? `“${queue.name}” goes on` : `“${queue.name}” is paused: running jobs end, no others start`);
      client.invalidateQueries({ queryKey: ['queues'] });
    },
    onError: (error) => toast.failed(error, 'The queue was not changed'),
  });
  return (
    <tr>
      <td>
        <Link to="/jobs" search={{ queue: queue.name }}>
          <strong>{queue.name}</strong>
        </Link>
      </td>
      <td className="end">
        {queue.paused ? (
          <ToneBadge tone="retrying" icon={IconPlayerPause}>
            paused
          </ToneBadge>
        ) : stuck ? (
          <span title="Jobs wait, and no connected worker serves this queue: QUEUE_NAME tells a worker its queues">
            <ToneBadge tone="failed" icon={IconAlertTriangle}>
              no worker
            </ToneBadge>
          </span>
        ) : (
          <ToneBadge tone="completed" icon={IconPlayerPlay}>
            open
          </ToneBadge>
        )}
      </td>
      <td className="num" data-label="Waiting">
        {count(queue.queue_depth)}
      </td>
      <td className="off roomy">
        <Priorities distribution={stats.priority_distribution} />
      </td>
      <td className="num end" data-label="Running">
        <Link to="/jobs" search={{ queue: queue.name, status: ['running'] }}>
          {count(queue.running)}
        </Link>
      </td>
      <td className="num off roomy">{count(queue.retrying)}</td>
      <td className="num off">{duration(stats.oldest_job_age)}</td>
      <td className="num off roomy">{rate(stats.arrival_rate)}</td>
      <td className="num off roomy">{rate(stats.processing_rate)}</td>
      <td className="num off roomy">{duration(stats.p50_wait_time)}</td>
      <td className="num off">{duration(stats.p95_wait_time)}</td>
      <td className="num off roomy">{stats.active_workers}</td>
      <td className="num wide">
        <span style={{ display: 'inline-flex', gap: 6 }}>
          <Button variant="default" size="compact-xs" loading={switchPause.isPending} onClick={() => switchPause.mutate()}>
            {queue.paused ? 'Resume' : 'Pause'}
          </Button>
          <Button variant="default" size="compact-xs" component={Link} to={`/jobs?status=failed&queue=${encodeURIComponent(queue.name)}`}>
            Dead letters
          </Button>
          <Button
            variant="default"
            size="compact-xs"
            onClick={() => actOnJobs(client, { action: 'retry', filter: { queue: queue.name, status: ['failed'] } })}
          >
            Retry all failed
          </Button>
        </span>
      </td>
    </tr>
  );
}
