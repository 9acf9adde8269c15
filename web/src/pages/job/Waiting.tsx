import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { queries } from '@/api/queries';
import type { Job, Limit, Queue, Server, Worker } from '@/api/types';
import { duration } from '@/time/format';
import { Time } from '@/time/Time';
import classes from './JobPage.module.css';

/** "Why is it waiting?", answered from what can be seen. */
export function Waiting({ job }: { job: Job }) {
  const { data: queues } = useQuery(queries.queues());
  const { data: workers } = useQuery(queries.workers());
  const { data: servers } = useQuery(queries.servers());
  const { data: limits } = useQuery(queries.limits());
  if (!queues || !workers || !servers) return null;
  const queue = queues.items.find((each) => each.name === job.queue);
  const server = servers.items.find((each) => each.id === job.server_id);
  const reasons = reasonsOf(job, queue, workers.items, server, limits?.items);
  return (
    <div className={classes.waiting}>
      <strong>Why is it waiting?</strong>
      <ul>
        {job.status === 'retrying' && (
          <li>
            It failed and is tried again at <Time at={job.run_at} />.
          </li>
        )}
        {job.after && <After after={job.after} />}
        {job.status === 'scheduled' && job.run_at && (
          <li>
            Its time comes at <Time at={job.run_at} />.
          </li>
        )}
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
        {job.status === 'queued' && reasons.length === 0 && <li>It is about to start: a worker that fits has free slots.</li>}
      </ul>
      {queue?.paused && <Link to="/queues">Open the queue</Link>}
    </div>
  );
}

/** What it waits for: another job, or all jobs of a batch. */
function After({ after }: { after: NonNullable<Job['after']> }) {
  const words = after.on === 'always' ? 'ended' : 'completed';
  return after.job_id ? (
    <li>
      It waits until{' '}
      <Link to="/jobs/$id" params={{ id: after.job_id }}>
        another job
      </Link>{' '}
      has {words}.
    </li>
  ) : (
    <li>
      It waits until all jobs of{' '}
      <Link to="/jobs" search={{ batch: after.batch_id ?? undefined }}>
        a batch
      </Link>{' '}
      have {words}.
    </li>
  );
}

/** What stands in a job's way. */
export function reasonsOf(
  job: Pick<Job, 'queue' | 'kind' | 'job_type' | 'worker_labels' | 'priority' | 'limit_key'>,
  queue: Queue | undefined,
  workers: Worker[],
  server: Server | undefined,
  limits: Limit[] = [],
): string[] {
  const reasons: string[] = [];
  if (queue?.paused) reasons.push(`The queue “${job.queue}” is paused.`);
  if (server && !server.is_active) reasons.push(`The server “${server.name}” is switched off.`);
  if (workers.length === 0) return [...reasons, 'No worker is connected.'];
  const serving = workers.filter((worker) => worker.queues.includes(job.queue) || worker.queues.includes('*'));
  if (serving.length === 0) return [...reasons, `No connected worker serves the queue “${job.queue}”.`];
  const able = serving.filter((worker) => (job.kind === 'task' ? worker.job_types.includes(job.job_type ?? '') : worker.runs_commands));
  if (able.length === 0)
    return [
      ...reasons,
      job.kind === 'task' ? `No connected worker has a handler for “${job.job_type}”.` : 'No connected worker runs commands.',
    ];
  const labelled = able.filter((worker) =>
    job.worker_labels.every((label) => worker.labels.includes(label) || worker.labels.some((each) => each.startsWith(`${label}=`))),
  );
  if (labelled.length === 0) return [...reasons, `No worker carries the labels ${job.worker_labels.join(', ')}.`];
  const awake = labelled.filter((worker) => !worker.draining);
  if (awake.length === 0) return [...reasons, 'Every worker that fits is draining.'];
  if (awake.every((worker) => worker.busy >= worker.slots))
    reasons.push(
      `All ${awake.reduce((sum, worker) => sum + worker.slots, 0)} slots are busy; ${queue ? `${queue.queue_depth} jobs wait in the queue` : 'others wait too'}.`,
    );
  else {
    for (const limit of limits.filter(({ key }) => key === `queue:${job.queue}` || key === `key:${job.limit_key}`))
      reasons.push(`The limit “${limit.key}” lets ${wordsOf(limit)}.`);
    if (server?.max_concurrency) reasons.push(`The server “${server.name}” runs at most ${server.max_concurrency} jobs at once.`);
  }
  return reasons;
}

const wordsOf = ({ max_running, rate }: Limit) =>
  [
    ...(max_running ? [`at most ${max_running} run at once`] : []),
    ...(rate?.count && rate.per ? [`at most ${rate.count} start in ${duration(rate.per)}`] : []),
  ].join(' and ');
