import { Button, Menu } from '@mantine/core';
import { IconAlertTriangle, IconCalendarTime, IconPlayerPause } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '@/api/client';
import { newKey } from '@/api/idempotency';
import { queries } from '@/api/queries';
import type { Job, Schedule } from '@/api/types';
import { Time, Until } from '@/time/Time';
import { confirm } from '@/ui/confirm';
import { StatusBadge, ToneBadge } from '@/ui/StatusBadge';
import { toast } from '@/ui/toast';
import classes from './Schedules.module.css';

export function ScheduleRow({ schedule, edit }: { schedule: Schedule; edit: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const path = `/schedules/${schedule.id}`;
  const act = async (what: string, action: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await action();
      await client.invalidateQueries({ queryKey: ['schedules'], exact: true });
    } catch (error) {
      toast.failed(error, what);
    } finally {
      setBusy(false);
    }
  };
  const run = () =>
    act('The job was not run', async () => {
      const job = await api.post<Job>(`${path}/run`, undefined, newKey());
      navigate({ to: '/jobs/$id', params: { id: job.id } });
    });
  const remove = async () => {
    const yes = await confirm({
      title: `Delete “${schedule.name}”?`,
      verb: 'Delete the schedule',
      danger: true,
      body: 'It runs no more. Jobs that it has enqueued stay, also one that runs now. To stop it for a while, pause it.',
    });
    if (yes) act('The schedule was not deleted', () => api.delete(path));
  };
  return (
    <tr>
      <td className="fold">
        <Link
          to="/jobs"
          search={{ tag: `schedule:${schedule.name}` }}
          title={`Its jobs: ${schedule.name}`}
          className={`cut ${classes.name}`}
          aria-label={schedule.name}
        >
          <strong>{schedule.name}</strong>
        </Link>
      </td>
      <td className="end">
        <State schedule={schedule} />
      </td>
      <td className="wide fold">
        <span className="mono">{schedule.cron}</span> <span className="soft">{schedule.timezone}</span>
      </td>
      <td className="wide roomy">
        <div className={`mono cut soft ${classes.job}`} title={schedule.preview}>
          {schedule.preview}
        </div>
      </td>
      <td className="wide fold" data-label="Next">
        {schedule.next_at ? (
          <>
            <Time at={schedule.next_at} /> <Until at={schedule.next_at} />
          </>
        ) : (
          <span className="soft">{schedule.paused ? 'when it is resumed' : 'never'}</span>
        )}
      </td>
      <td className="wide fold" data-label="Last">
        <Last schedule={schedule} />
      </td>
      <td className="num wide">
        <span style={{ display: 'inline-flex', gap: 6 }}>
          <Button variant="default" size="compact-xs" disabled={busy} onClick={run}>
            Run now
          </Button>
          <Button
            variant="default"
            size="compact-xs"
            disabled={busy}
            onClick={() =>
              act('The schedule was not changed', async () => {
                await api.post(`${path}/${schedule.paused ? 'resume' : 'pause'}`);
                toast.done(schedule.paused ? `“${schedule.name}” goes on` : `“${schedule.name}” is paused`);
              })
            }
          >
            {schedule.paused ? 'Resume' : 'Pause'}
          </Button>
          <Button variant="default" size="compact-xs" className={classes.spare} onClick={edit}>
            Edit
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" size="compact-xs" aria-label={`More for ${schedule.name}`}>
                …
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={edit}>Edit</Menu.Item>
              <Menu.Item onClick={() => navigate({ to: '/jobs', search: { tag: `schedule:${schedule.name}` } })}>Its jobs</Menu.Item>
              <Menu.Item color="red" onClick={remove}>
                Delete
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </span>
      </td>
    </tr>
  );
}

function State({ schedule }: { schedule: Schedule }) {
  // Refused, or left out because the one before had not finished: no job came of it, and the cell of the last run says why.
  if (schedule.last_error)
    return (
      <ToneBadge tone="retrying" icon={IconAlertTriangle}>
        {schedule.paused ? 'paused, last run left out' : 'last run left out'}
      </ToneBadge>
    );
  return schedule.paused ? (
    <ToneBadge tone="retrying" icon={IconPlayerPause}>
      paused
    </ToneBadge>
  ) : (
    <ToneBadge tone="completed" icon={IconCalendarTime}>
      on
    </ToneBadge>
  );
}

function Last({ schedule }: { schedule: Schedule }) {
  const id = schedule.last_job_id ?? '';
  // Its status is kept true by the live events; a job that retention has removed has none.
  const job = useQuery({ ...queries.job(id), enabled: id !== '', retry: false });
  const left = schedule.skipped > 0 && (
    <span className="soft" title="Times that passed without a job: missed, or the last job still ran">
      {' '}
      · {schedule.skipped} left out
    </span>
  );
  const why = schedule.last_error && (
    <div className={`soft cut ${classes.why}`} title={schedule.last_error}>
      {schedule.last_error}
    </div>
  );
  if (!schedule.last_at && !id)
    return (
      <>
        <span className="soft">none yet{left}</span>
        {why}
      </>
    );
  return (
    <>
      {job.data && <StatusBadge status={job.data.status} />}{' '}
      {job.data ? (
        <Link to="/jobs/$id" params={{ id }}>
          <Time at={schedule.last_at ?? job.data.created_at} />
        </Link>
      ) : (
        <Time at={schedule.last_at} />
      )}
      {left}
      {why}
    </>
  );
}
