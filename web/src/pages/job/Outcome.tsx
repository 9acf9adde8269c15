import { Link } from '@tanstack/react-router';
import type { Job } from '@/api/types';
import { duration } from '@/time/format';
import { Since, Time } from '@/time/Time';
import classes from './JobPage.module.css';

const NEXT: Record<string, string> = {
  timeout: 'Give it more time with “Duplicate”, or find out in the log where it hangs.',
  worker_lost: 'Its worker disappeared. Look at Workers; run it again when that is safe.',
  connect_failed: 'Test the server on the Servers page: it shows the step that fails.',
  host_key_changed: 'The server shows another host key than the trusted one. Compare the fingerprints on the Servers page.',
  auth_failed: 'Check the user and the key or password of the server.',
};

/** What went wrong, before anything else. */
export function Outcome({ job }: { job: Job }) {
  if (job.status !== 'failed' && !(job.status === 'retrying' && job.error) && !(job.status === 'canceled' && job.error)) return null;
  const how = job.signal ? `ended by signal ${job.signal}` : job.exit_code != null ? `exit code ${job.exit_code}` : job.reason;
  return (
    <div className={classes.error} role="status">
      <strong>
        {job.status === 'retrying' ? 'The last attempt failed' : job.status === 'canceled' ? 'Canceled' : 'Failed'}
        {how ? `: ${how}` : ''}
      </strong>
      {job.error && <div>{job.error}</div>}
      {job.reason && NEXT[job.reason] && <div className="soft">{NEXT[job.reason]}</div>}
    </div>
  );
}

/** How far a task says it is. */
export function Progress({ job }: { job: Job }) {
  if (!job.progress || job.status !== 'running') return null;
  const { done, text } = job.progress;
  const percent = Math.round(done * 100);
  return (
    <div className={classes.progress}>
      <div role="progressbar" aria-label="Progress" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} className={classes.track}>
        <span style={{ width: `${percent}%` }} />
      </div>
      <span className="num">{percent} %</span>
      <span className="soft cut">{text}</span>
    </div>
  );
}

export function JobFacts({ job }: { job: Job }) {
  const rows: [string, React.ReactNode][] = [
    ['Exit', job.signal ? `signal ${job.signal}` : job.exit_code],
    [
      'Duration',
      job.status === 'running' && job.started_at ? (
        <Since key="d" at={job.started_at} />
      ) : job.duration != null ? (
        duration(job.duration)
      ) : undefined,
    ],
    [
      'Server',
      job.server_id && (
        <Link key="s" to="/jobs" search={{ server: job.server_name ?? job.server_id }}>
          {job.server_name ?? job.server_id}
        </Link>
      ),
    ],
    [
      'Queue',
      <Link key="q" to="/jobs" search={{ queue: job.queue }}>
        {job.queue}
      </Link>,
    ],
    ['Priority', job.priority],
    ['Attempt', job.attempt ? `${job.attempt} of ${job.max_attempts}` : undefined],
    ['Created', <Time key="c" at={job.created_at} />],
    ['Started', job.started_at && <Time key="st" at={job.started_at} />],
    ['Finished', job.finished_at && <Time at={job.finished_at} />],
    ['By', job.created_by],
    [
      'Worker',
      job.worker_id && (
        <span key="w" className="mono">
          {job.worker_id}
        </span>
      ),
    ],
    [
      'Batch',
      job.batch_id && (
        <Link key="b" to="/jobs" search={{ batch: job.batch_id }}>
          {job.batch_id.slice(-12)}
        </Link>
      ),
    ],
    ['Limit', job.limit_key],
    [
      'Tags',
      job.tags.length > 0 && (
        <span key="t" className={classes.tags}>
          {job.tags.map((tag) => (
            <Link key={tag} to="/jobs" search={{ tag }}>
              {tag}
            </Link>
          ))}
        </span>
      ),
    ],
  ];
  return (
    <dl className={classes.facts} style={{ margin: 0 }}>
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
