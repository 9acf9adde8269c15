import { Button, Menu, NumberInput, Popover, Tabs } from '@mantine/core';
import {
  IconArrowLeft,
  IconArrowRight,
  IconBan,
  IconCopy,
  IconEdit,
  IconRefresh,
  IconRotateClockwise,
  IconTrash,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiError } from '@/api/client';
import { actOnJobs, cancelJob, rerunJob, retryJob, setPriority } from '@/api/jobActions';
import { queries } from '@/api/queries';
import { isFinal, type Job } from '@/api/types';
import { useKeys } from '@/keys/keys';
import { live } from '@/live/live';
import { LogViewer } from '@/log/LogViewer';
import { draftOf } from '@/pages/run/draft';
import { usePaletteVerbs } from '@/shell/paletteVerbs';
import { runDrawer } from '@/shell/runDrawer';
import { Empty, ErrorNote, SkeletonRows } from '@/ui/blocks';
import { StatusBadge } from '@/ui/StatusBadge';
import { copy } from '@/ui/toast';
import { lastList } from '../jobs/views';
import classes from './JobPage.module.css';
import { Attempts, Events, Input, Related, Result } from './JobTabs';
import { JobFacts, Outcome, Progress } from './Outcome';
import { Timeline } from './Timeline';
import { Waiting } from './Waiting';

export default function JobPage() {
  const { id } = useParams({ from: '/frame/jobs/$id' });
  const job = useQuery(queries.job(id));
  if (job.isPending) return <SkeletonRows rows={10} />;
  if (job.error instanceof ApiError && job.error.status === 404)
    return (
      <Empty title="There is no such job" action={<Link to="/jobs">All jobs</Link>}>
        It was deleted, by hand or because it was older than jobs are kept.
      </Empty>
    );
  if (job.isError) return <ErrorNote error={job.error} what="The job could not be loaded." retry={() => job.refetch()} />;
  return <JobView key={id} job={job.data} />;
}

function JobView({ job }: { job: Job }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { tab = 'log' } = useSearch({ from: '/frame/jobs/$id' });
  const place = lastList.ids.indexOf(job.id);
  const final = isFinal(job.status);
  const waits = job.status === 'queued' || job.status === 'scheduled' || job.status === 'retrying';

  // The list of jobs is told of each change; of a task's progress only those hear who watch the job.
  useEffect(
    () =>
      live.subscribe(`job:${job.id}`, ({ event, data }) => {
        if (event === 'progress')
          client.setQueryData<Job>(queries.job(job.id).queryKey, (old) => old && { ...old, progress: data as Job['progress'] });
      }),
    [client, job.id],
  );
  const open = (id?: string) => id && navigate({ to: '/jobs/$id', params: { id } });
  const rerun = async () => open((await rerunJob(job.id))?.id);
  const edit = () => runDrawer.open(draftOf(job));
  const remove = async () => {
    if (await actOnJobs(client, { action: 'delete', ids: [job.id] })) navigate({ to: '/jobs' });
  };
  useKeys({
    '[': () => place > 0 && open(lastList.ids[place - 1]),
    ']': () => place >= 0 && open(lastList.ids[place + 1]),
    r: () => final && rerun(),
    e: edit,
    Backspace: () => !final && cancelJob(client, job),
  });
  usePaletteVerbs([
    ...(final ? [{ label: 'Rerun this job', run: rerun }] : [{ label: 'Cancel this job', run: () => cancelJob(client, job) }]),
    ...(job.status === 'failed' ? [{ label: 'Retry this job', run: () => retryJob(client, job.id) }] : []),
    { label: 'Duplicate and edit this job', run: edit },
  ]);

  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <StatusBadge status={job.status} canceling={job.status === 'running' && !!job.cancel_requested_at} />
        <h1 className={`cut ${classes.title}`} title={job.preview}>
          {job.name ?? <span className="mono">{job.preview}</span>}
        </h1>
        <div className={classes.verbs}>
          <Button.Group>
            <Button
              variant="default"
              aria-label="Previous job ([)"
              title="Previous job ([)"
              disabled={place <= 0}
              onClick={() => open(lastList.ids[place - 1])}
            >
              <IconArrowLeft size={14} />
            </Button>
            <Button
              variant="default"
              aria-label="Next job (])"
              title="Next job (])"
              disabled={place < 0 || place >= lastList.ids.length - 1}
              onClick={() => open(lastList.ids[place + 1])}
            >
              <IconArrowRight size={14} />
            </Button>
          </Button.Group>
          {waits && <Priority job={job} />}
          {!final && (
            <Button
              variant="default"
              leftSection={<IconBan size={14} />}
              onClick={() => cancelJob(client, job)}
              disabled={job.status === 'running' && !!job.cancel_requested_at}
            >
              Cancel
            </Button>
          )}
          {job.status === 'failed' && (
            <Button variant="default" leftSection={<IconRotateClockwise size={14} />} onClick={() => retryJob(client, job.id)}>
              Retry
            </Button>
          )}
          {final && (
            <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={rerun}>
              Rerun
            </Button>
          )}
          <Button variant="default" leftSection={<IconEdit size={14} />} onClick={edit}>
            Duplicate
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" aria-label="More">
                …
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => copy(job.id, 'Id')}>
                Copy the id
              </Menu.Item>
              <Menu.Item leftSection={<IconTrash size={14} />} disabled={!final} color="red" onClick={remove}>
                Delete
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      <Outcome job={job} />
      {waits && <Waiting job={job} />}
      <Progress job={job} />
      <Timeline job={job} />
      <JobFacts job={job} />
      <Tabs
        value={tab}
        onChange={(next) =>
          navigate({
            to: '/jobs/$id',
            params: { id: job.id },
            search: { tab: next === 'log' ? undefined : (next ?? undefined) },
            replace: true,
          })
        }
        className={classes.tabs}
        keepMounted={false}
      >
        <Tabs.List className={classes.tabList}>
          <Tabs.Tab value="log">Log</Tabs.Tab>
          <Tabs.Tab value="attempts">Attempts{job.attempts && job.attempts.length > 1 ? ` (${job.attempts.length})` : ''}</Tabs.Tab>
          <Tabs.Tab value="input">Input</Tabs.Tab>
          <Tabs.Tab value="result">Result</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
          <Tabs.Tab value="related">Related</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="log" className={`panel ${classes.log}`}>
          <LogViewer key={job.id} id={job.id} />
        </Tabs.Panel>
        <Tabs.Panel value="attempts">
          <Attempts job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="input">
          <Input job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="result">
          <Result job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <Events job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="related">
          <Related job={job} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function Priority({ job }: { job: Job }) {
  const client = useQueryClient();
  const [value, setValue] = useState<number | string>(job.priority);
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)}>
          Priority {job.priority}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <NumberInput label="Priority" description="1 is first, 10 last" min={1} max={10} value={value} onChange={setValue} />
        <Button
          mt="xs"
          onClick={() => {
            setOpened(false);
            setPriority(client, job.id, Number(value));
          }}
        >
          Set priority
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
