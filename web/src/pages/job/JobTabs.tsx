import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { queries } from '@/api/queries';
import type { Job } from '@/api/types';
import { duration } from '@/time/format';
import { Time } from '@/time/Time';
import { Empty, Facts, Panel } from '@/ui/blocks';
import { StatusBadge } from '@/ui/StatusBadge';
import classes from './JobPage.module.css';

export function Attempts({ job }: { job: Job }) {
  if (!job.attempts?.length) return <Empty title="Not yet tried">Each attempt appears here with its worker and outcome.</Empty>;
  return (
    <div className="panel scroll-x">
      <table className="table">
        <thead>
          <tr>
            <th className="num">Attempt</th>
            <th>Outcome</th>
            <th>Started</th>
            <th className="num">Duration</th>
            <th className="num">Connect</th>
            <th>Exit</th>
            <th>Worker</th>
            <th>Error</th>
          </tr>
        </thead>
        <tbody>
          {job.attempts.toReversed().map((attempt) => (
            <tr key={attempt.number}>
              <td className="num">{attempt.number}</td>
              <td>
                {attempt.outcome?.replaceAll('_', ' ') ?? 'running'}
                {attempt.unconfirmed ? ' (its end was not seen)' : ''}
              </td>
              <td>
                <Time at={attempt.started_at} />
              </td>
              <td className="num">
                {attempt.finished_at ? duration((Date.parse(attempt.finished_at) - Date.parse(attempt.started_at)) / 1000) : '–'}
              </td>
              <td className="num">{duration(attempt.connect_time)}</td>
              <td>{attempt.signal ?? attempt.exit_code ?? '–'}</td>
              <td className="mono">{attempt.worker_id}</td>
              <td style={{ whiteSpace: 'normal' }}>{attempt.error ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Input({ job }: { job: Job }) {
  const env = Object.entries(job.env ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
  return (
    <Panel>
      <Facts
        rows={[
          ['Command', job.command && <code className="mono">{job.command}</code>],
          [
            'Script',
            job.script && (
              <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>
                {job.script}
              </pre>
            ),
          ],
          ['Arguments', job.args && <code className="mono">{Array.isArray(job.args) ? JSON.stringify(job.args) : job.args}</code>],
          ['Task type', job.job_type],
          [
            'Payload',
            job.payload !== undefined && (
              <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>
                {JSON.stringify(job.payload, null, 2)}
              </pre>
            ),
          ],
          ['Shell', job.shell],
          ['Working directory', job.working_dir],
          [
            'Environment',
            env && (
              <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>
                {env}
              </pre>
            ),
          ],
          [
            'Standard input',
            job.stdin && (
              <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>
                {job.stdin.slice(0, 10_000)}
              </pre>
            ),
          ],
          ['Terminal', job.pty ? 'yes' : undefined],
          ['Timeout', job.timeout ? duration(job.timeout) : 'none'],
          ['Backoff', `${job.backoff.kind}, from ${duration(job.backoff.delay)} to ${duration(job.backoff.max)}`],
          ['If its worker is lost', job.on_worker_lost],
          ['Unique key', job.unique_key],
          ['Worker labels', job.worker_labels.join(', ')],
        ].map(([name, value]) => [name as string, value === false ? undefined : (value as React.ReactNode)])}
      />
    </Panel>
  );
}

export function Result({ job }: { job: Job }) {
  if (job.result == null)
    return (
      <Empty title="No result">
        {job.kind === 'task' ? 'The handler returned nothing.' : 'Commands and scripts have an exit code and output, no result.'}
      </Empty>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section aria-label="Result" className={`panel mono ${classes.pre}`} tabIndex={0}>
      {JSON.stringify(job.result, null, 2)}
    </section>
  );
}

export function Events({ job }: { job: Job }) {
  const events: [string, string, (string | null)?][] = [[job.created_at, 'accepted', job.created_by && `by ${job.created_by}`]];
  for (const attempt of job.attempts ?? []) {
    events.push([attempt.started_at, `attempt ${attempt.number} started`, `on worker ${attempt.worker_id}`]);
    if (attempt.finished_at)
      events.push([attempt.finished_at, `attempt ${attempt.number} ${attempt.outcome?.replaceAll('_', ' ')}`, attempt.error]);
  }
  if (job.cancel_requested_at) events.push([job.cancel_requested_at, 'cancel requested', job.canceled_by && `by ${job.canceled_by}`]);
  if (job.finished_at) events.push([job.finished_at, job.status]);
  events.sort((a, b) => Date.parse(a[0]) - Date.parse(b[0]));
  return (
    <div className="panel scroll-x">
      <table className="table">
        <tbody>
          {events.map(([at, what, more], i) => (
            <tr key={i}>
              <td style={{ width: 140 }}>
                <Time at={at} />
              </td>
              <td>{what}</td>
              <td className="soft" style={{ whiteSpace: 'normal' }}>
                {more}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Related({ job }: { job: Job }) {
  const reruns = useQuery(queries.recent({ origin_id: job.id }, 100));
  const origin = useQuery({ ...queries.job(job.origin_id ?? ''), enabled: !!job.origin_id });
  const rows = [...(origin.data ? [origin.data] : []), ...(reruns.data?.items ?? [])];
  if (rows.length === 0)
    return <Empty title="No related jobs">Reruns and duplicates of this job appear here, and the job it was made from.</Empty>;
  return (
    <div className="panel scroll-x">
      <table className="table">
        <tbody>
          {rows.map((each) => (
            <tr key={each.id}>
              <td style={{ width: 110 }}>
                <StatusBadge status={each.status} />
              </td>
              <td className="soft">{each.id === job.origin_id ? 'made from' : 'rerun or duplicate'}</td>
              <td>
                <Link to="/jobs/$id" params={{ id: each.id }} className="mono">
                  {each.name ?? each.preview}
                </Link>
              </td>
              <td className="num">
                <Time at={each.created_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
