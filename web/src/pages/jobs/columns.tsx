import type { ReactNode } from 'react';
import { PREFIX } from '@/api/place';
import type { JobSummary } from '@/api/types';
import { isFinal } from '@/api/types';
import { duration } from '@/time/format';
import { Since, Time } from '@/time/Time';
import { StatusBadge } from '@/ui/StatusBadge';

export type Column = { id: string; title: string; width: string; num?: boolean; cell: (job: JobSummary) => ReactNode };

/** Leads to a job. A plain link: the table navigates for all of them. j, k and Enter open rows, so Tab need not stop at each. */
export const JobLink = ({ job, ...rest }: { job: JobSummary; className: string; title?: string; children: ReactNode }) => (
  <a href={`${PREFIX}/jobs/${job.id}`} tabIndex={-1} {...rest} />
);

const dash = <span className="soft">–</span>;

/** The columns of the job list, in their order; widths are fixed, so that nothing moves when a value changes. */
export const COLUMNS: Column[] = [
  {
    id: 'status',
    title: 'Status',
    width: '104px',
    cell: (job) => <StatusBadge status={job.status} canceling={job.status === 'running' && !!job.cancel_requested_at} />,
  },
  {
    id: 'name',
    title: 'Job',
    width: 'minmax(200px, 1fr)',
    cell: (job) => (
      <JobLink job={job} className="cut" title={[job.name, job.preview, job.error].filter(Boolean).join('\n')}>
        {job.name ? <span>{job.name} </span> : null}
        <span className={`mono${job.name ? ' soft' : ''}`}>{job.preview}</span>
      </JobLink>
    ),
  },
  { id: 'kind', title: 'Kind', width: '68px', cell: (job) => job.kind },
  { id: 'priority', title: 'Priority', width: '52px', num: true, cell: (job) => job.priority },
  { id: 'queue', title: 'Queue', width: '96px', cell: (job) => <span title={job.queue}>{job.queue}</span> },
  {
    id: 'server',
    title: 'Server',
    width: '104px',
    cell: (job) => (job.server_name ? <span title={job.server_name}>{job.server_name}</span> : dash),
  },
  {
    id: 'attempt',
    title: 'Attempt',
    width: '52px',
    num: true,
    cell: (job) => (job.max_attempts > 1 || job.attempt > 1 ? `${job.attempt}/${job.max_attempts}` : job.attempt || dash),
  },
  { id: 'wait', title: 'Wait', width: '62px', num: true, cell: (job) => waitOf(job) },
  {
    id: 'duration',
    title: 'Duration',
    width: '62px',
    num: true,
    cell: (job) =>
      job.status === 'running' && job.started_at ? <Since at={job.started_at} /> : job.duration != null ? duration(job.duration) : dash,
  },
  { id: 'started', title: 'Started', width: '112px', cell: (job) => <Time at={job.started_at} /> },
  { id: 'created', title: 'Created', width: '112px', cell: (job) => <Time at={job.created_at} /> },
  {
    id: 'by',
    title: 'By',
    width: '84px',
    cell: (job) => (job.created_by ? <span title={job.created_by}>{job.created_by.replace(/^schedule .*/, 'schedule')}</span> : dash),
  },
  { id: 'exit', title: 'Exit', width: '72px', num: true, cell: (job) => job.signal ?? job.exit_code ?? dash },
  {
    id: 'tags',
    title: 'Tags',
    width: '140px',
    cell: (job) => (job.tags.length ? <span title={job.tags.join(', ')}>{job.tags.join(', ')}</span> : dash),
  },
  { id: 'id', title: 'Id', width: '124px', cell: (job) => <span className="mono">{job.id.slice(-12)}</span> },
];

export const DEFAULT_COLUMNS = ['status', 'name', 'kind', 'priority', 'queue', 'server', 'attempt', 'wait', 'duration', 'started', 'by'];
/** Where there is room for fewer. */
export const TABLET_COLUMNS = ['status', 'name', 'server', 'duration', 'started'];

// The wait ends with the first start; of later attempts the list knows only the last.
function waitOf(job: JobSummary) {
  const due = job.run_at && Date.parse(job.run_at) > Date.parse(job.created_at) ? job.run_at : job.created_at;
  if (job.started_at && job.attempt <= 1) return duration(Math.max(0, (Date.parse(job.started_at) - Date.parse(due)) / 1000));
  if (job.status === 'queued') return <Since at={due} />;
  if (isFinal(job.status)) return dash;
  return dash;
}
