import { Button } from '@mantine/core';
import { IconCircleCheck, IconPlayerPause } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '@/api/client';
import { queries } from '@/api/queries';
import type { Worker } from '@/api/types';
import { useNow } from '@/time/clock';
import { duration } from '@/time/format';
import { Time } from '@/time/Time';
import { Empty, ErrorNote, PageHeader, Panel, SkeletonRows } from '@/ui/blocks';
import { confirm } from '@/ui/confirm';
import { ToneBadge } from '@/ui/StatusBadge';
import { toast } from '@/ui/toast';
import classes from './WorkersPage.module.css';

export default function WorkersPage() {
  const list = useQuery(queries.workers());
  const workers = list.data?.items ?? [];
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = workers.reduce((sum, worker) => sum + worker.busy, 0);
  return (
    <>
      <PageHeader title="Workers" note={list.data && `${busy} of ${slots} slots busy`} />
      {list.isPending ? (
        <SkeletonRows rows={5} />
      ) : list.isError ? (
        <ErrorNote error={list.error} what="The workers could not be loaded." retry={() => list.refetch()} />
      ) : workers.length === 0 ? (
        <div className="panel">
          <Empty title="No worker is connected">
            Jobs wait until one is. Start one with <code className="mono">drover serve worker</code>.
          </Empty>
        </div>
      ) : (
        <div className={classes.grid}>
          {workers.map((worker) => (
            <Card key={worker.id} worker={worker} />
          ))}
        </div>
      )}
    </>
  );
}

function Card({ worker }: { worker: Worker }) {
  const client = useQueryClient();
  const age = Math.max(0, (useNow() - Date.parse(worker.last_heartbeat)) / 1000);
  const drain = async () => {
    const yes = await confirm({
      title: `Drain ${worker.host}?`,
      verb: 'Drain the worker',
      body: `It ends the ${worker.busy} jobs it has and takes no new ones until it is started again.`,
    });
    if (!yes) return;
    try {
      await api.post(`/workers/${encodeURIComponent(worker.id)}/drain`);
      client.invalidateQueries({ queryKey: ['workers'] });
    } catch (error) {
      toast.failed(error, 'The worker was not drained');
    }
  };
  return (
    <Panel
      title={worker.host}
      verbs={
        <>
          {worker.draining ? (
            <ToneBadge tone="retrying" icon={IconPlayerPause}>
              draining
            </ToneBadge>
          ) : (
            <ToneBadge tone="completed" icon={IconCircleCheck}>
              takes jobs
            </ToneBadge>
          )}
          <Button variant="default" size="compact-xs" disabled={worker.draining} onClick={drain}>
            Drain
          </Button>
        </>
      }
    >
      <div className={classes.slots} role="group" aria-label={`${worker.busy} of ${worker.slots} slots busy`}>
        {Array.from({ length: Math.min(worker.slots, 128) }, (_, i) => {
          const job = worker.jobs[i];
          return job ? <BusySlot key={job.id} id={job.id} /> : <span key={i} data-busy={i < worker.busy || undefined} />;
        })}
      </div>
      <div className={classes.line}>
        <span>
          {worker.busy} of {worker.slots} busy
        </span>
        <span title={worker.last_heartbeat} style={{ color: age > 30 ? 'var(--status-failed)' : undefined }}>
          heartbeat {age < 2 ? 'now' : `${duration(Math.floor(age))} ago`}
        </span>
      </div>
      {worker.jobs.length > 0 && (
        <ul className={classes.jobs}>
          {worker.jobs.slice(0, 12).map((job) => (
            <li key={job.id}>
              <JobLink id={job.id} />
            </li>
          ))}
          {worker.jobs.length > 12 && <li className="soft">and {worker.jobs.length - 12} more</li>}
        </ul>
      )}
      <dl className={classes.facts}>
        <div>
          <dt>Id</dt>
          <dd className="mono">{worker.id}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>
            {worker.version}, process {worker.process_id}
          </dd>
        </div>
        <div>
          <dt>Since</dt>
          <dd>
            <Time at={worker.connected_at} />
          </dd>
        </div>
        <div>
          <dt>Queues</dt>
          <dd>{worker.queues.map((queue) => (queue === '*' ? 'all others' : queue)).join(', ')}</dd>
        </div>
        <div>
          <dt>Runs</dt>
          <dd>{[worker.runs_commands && 'commands, scripts', ...worker.job_types].filter(Boolean).join(', ')}</dd>
        </div>
        {worker.labels.length > 0 && (
          <div>
            <dt>Labels</dt>
            <dd>{worker.labels.join(', ')}</dd>
          </div>
        )}
      </dl>
    </Panel>
  );
}

/** The list below has the same links for the keyboard, and asks for the names; a worker may have hundreds of slots. */
function BusySlot({ id }: { id: string }) {
  const { data } = useQuery({ ...queries.job(id), enabled: false });
  return <Link to="/jobs/$id" params={{ id }} data-busy tabIndex={-1} aria-hidden title={data ? (data.name ?? data.preview) : id} />;
}

function JobLink({ id }: { id: string }) {
  const { data } = useQuery(queries.job(id));
  return (
    <Link to="/jobs/$id" params={{ id }} className="mono cut" style={{ display: 'block' }}>
      {data ? (data.name ?? data.preview) : id}
    </Link>
  );
}
