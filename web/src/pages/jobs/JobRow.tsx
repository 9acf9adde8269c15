import { memo } from 'react';
import type { JobSummary } from '@/api/types';
import { duration } from '@/time/format';
import { Time } from '@/time/Time';
import { StatusBadge } from '@/ui/StatusBadge';
import { type Column, JobLink } from './columns';
import classes from './JobTable.module.css';

type Props = {
  job: JobSummary;
  index: number;
  top: number;
  height: number;
  chosen: boolean;
  cursor: boolean;
  columns?: Column[];
  grid?: string;
};

/**
 * One row, or without columns a card of two lines. It is drawn anew only when something of it changes, and holds plain elements without
 * handlers: thousands of rows come and go in a minute, and the table hears the clicks for all of them.
 */
export const JobRow = memo(function JobRow({ job, index, top, height, chosen, cursor, columns, grid }: Props) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      data-id={job.id}
      className={`${classes.row}${chosen ? ` ${classes.chosen}` : ''}${cursor ? ` ${classes.cursor}` : ''}`}
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: grid, height }}
    >
      <span role="cell">
        <input type="checkbox" className="check" aria-label={`Select ${job.name ?? job.preview}`} checked={chosen} readOnly />
      </span>
      {columns ? <Cells job={job} columns={columns} /> : <Card job={job} />}
    </div>
  );
});

const Cells = memo(function Cells({ job, columns }: { job: JobSummary; columns: Column[] }) {
  return columns.map((column) => (
    <span role="cell" key={column.id} className={`cut${column.num ? ' num' : ''}`}>
      {column.cell(job)}
    </span>
  ));
});

const Card = memo(function Card({ job }: { job: JobSummary }) {
  return (
    <span role="cell" className={classes.card}>
      <span className={classes.line}>
        <JobLink job={job} className="cut mono">
          {job.name ?? job.preview}
        </JobLink>
        <StatusBadge status={job.status} canceling={job.status === 'running' && !!job.cancel_requested_at} />
      </span>
      <span className={`${classes.line} soft`}>
        <span className="cut">{[job.server_name, job.queue].filter(Boolean).join(' · ')}</span>
        <span>
          {job.duration != null ? `${duration(job.duration)} · ` : ''}
          <Time at={job.started_at ?? job.created_at} />
        </span>
      </span>
    </span>
  );
});
