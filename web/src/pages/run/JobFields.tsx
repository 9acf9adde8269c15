import { Autocomplete, Button, Collapse, MultiSelect, NumberInput, Select, Tabs, TagsInput, Textarea, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { EMBEDDED } from '@/api/place';
import { queries } from '@/api/queries';
import type { JobDraft } from './draft';
import classes from './RunForm.module.css';

const Editor = lazy(() => import('@/ui/Editor'));

/** Fields that are folded away until they are asked for, or wrong. */
export const OPTIONS = ['name', 'queue', 'priority', 'timeout', 'max_attempts', 'backoff.delay', 'delay', 'tags', 'working_dir', 'env'];

type Props = {
  draft: JobDraft;
  set: (change: Partial<JobDraft>) => void;
  wrong: (field: string) => string | undefined;
  more: boolean;
  setMore: (more: boolean) => void;
  /** Exactly one job, and not later: a schedule's. */
  one?: boolean;
};

/** What a job is to do, where and how: for a job that is run, and for one that a schedule enqueues. */
export function JobFields({ draft, set, wrong, more, setMore, one = false }: Props) {
  const { data: servers } = useQuery(queries.servers());
  const { data: queues } = useQuery(queries.queues());
  const { data: workers } = useQuery(queries.workers());
  const tags = [...new Set(servers?.items.flatMap((server) => server.tags) ?? [])].sort();
  const types = [...new Set(workers?.items.flatMap((worker) => worker.job_types) ?? [])].sort();
  const targets = (servers?.items ?? []).map((server) => ({
    value: server.id,
    label: server.is_active ? server.name : `${server.name} (off)`,
    disabled: !server.is_active,
  }));
  return (
    <>
      <Tabs value={draft.tab} onChange={(tab) => set({ tab: tab as JobDraft['tab'] })}>
        <Tabs.List mb="sm">
          {!EMBEDDED && <Tabs.Tab value="command">Command</Tabs.Tab>}
          {!EMBEDDED && <Tabs.Tab value="script">Script</Tabs.Tab>}
          <Tabs.Tab value="task">Task</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="command">
          <Textarea
            label="Command"
            error={wrong('command')}
            description="As you would type it into a shell."
            data-autofocus
            autosize
            minRows={2}
            maxRows={10}
            classNames={{ input: 'mono' }}
            value={draft.command}
            onChange={(event) => set({ command: event.currentTarget.value })}
            placeholder="df -h"
            spellCheck={false}
          />
        </Tabs.Panel>
        <Tabs.Panel value="script">
          <Suspense fallback={<div className="skeleton" style={{ height: 220 }} />}>
            {draft.tab === 'script' && (
              <Editor label="Script" language="shell" value={draft.script} onChange={(script) => set({ script })} />
            )}
          </Suspense>
          <div className={classes.pair}>
            <TextInput
              label="Arguments"
              error={wrong('args')}
              classNames={{ input: 'mono' }}
              value={draft.args}
              onChange={(event) => set({ args: event.currentTarget.value })}
            />
            <TextInput
              label="Shell"
              error={wrong('shell')}
              placeholder="by the script’s first line"
              value={draft.shell}
              onChange={(event) => set({ shell: event.currentTarget.value })}
            />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="task">
          <TextInput
            label="Type"
            error={wrong('job_type')}
            description={
              types.length ? `Workers know: ${types.join(', ')}` : 'No worker with task handlers is connected; the task would wait for one.'
            }
            value={draft.jobType}
            onChange={(event) => set({ jobType: event.currentTarget.value })}
            placeholder="send_email"
            mb="sm"
          />
          <Suspense fallback={<div className="skeleton" style={{ height: 160 }} />}>
            {draft.tab === 'task' && (
              <Editor label="Payload" language="json" value={draft.payload} onChange={(payload) => set({ payload })} />
            )}
          </Suspense>
        </Tabs.Panel>
      </Tabs>
      {draft.tab !== 'task' &&
        (one ? (
          <Select
            label="Server"
            error={wrong('server_id')}
            placeholder="local"
            searchable
            clearable
            data={targets}
            value={draft.servers[0] ?? null}
            onChange={(value) => set({ servers: value ? [value] : [] })}
          />
        ) : (
          <div className={classes.pair}>
            <MultiSelect
              label="Servers"
              error={wrong('server_id')}
              placeholder={draft.servers.length ? '' : 'local'}
              searchable
              data={targets}
              value={draft.servers}
              onChange={(value) => set({ servers: value })}
            />
            <MultiSelect
              label="… or all with a tag"
              data={tags}
              value={draft.serverTags}
              onChange={(serverTags) => set({ serverTags })}
              disabled={tags.length === 0}
              placeholder={tags.length ? '' : 'no server has tags'}
            />
          </div>
        ))}
      <Button
        variant="subtle"
        color="gray"
        className={classes.more}
        rightSection={<IconChevronDown size={14} />}
        onClick={() => setMore(!more)}
        aria-expanded={more}
      >
        Options
      </Button>
      <Collapse expanded={more}>
        <div className={classes.grid}>
          <TextInput label="Name" error={wrong('name')} value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} />
          <Autocomplete
            label="Queue"
            error={wrong('queue')}
            placeholder="default"
            data={(queues?.items ?? []).map((queue) => queue.name)}
            value={draft.queue}
            onChange={(queue) => set({ queue })}
          />
          <NumberInput
            label="Priority"
            error={wrong('priority')}
            description="1 is first"
            min={1}
            max={10}
            value={draft.priority}
            onChange={(value) => set({ priority: Number(value) || 5 })}
          />
          <NumberInput
            label="Timeout"
            error={wrong('timeout')}
            description="seconds, 0 for none"
            min={0}
            value={draft.timeout}
            onChange={(value) => set({ timeout: Number(value) })}
          />
          <NumberInput
            label="Attempts"
            error={wrong('max_attempts')}
            description={draft.tab === 'task' ? '3 when empty' : '1 when empty'}
            min={1}
            max={100}
            value={draft.maxAttempts}
            onChange={(value) => set({ maxAttempts: value === '' ? '' : Number(value) })}
          />
          <Select
            label="Wait between attempts"
            data={['exponential', 'linear', 'fixed']}
            allowDeselect={false}
            value={draft.backoff}
            onChange={(value) => set({ backoff: value as JobDraft['backoff'] })}
          />
          <NumberInput
            label="First wait"
            error={wrong('backoff.delay')}
            description="seconds"
            min={0}
            value={draft.backoffDelay}
            onChange={(value) => set({ backoffDelay: Number(value) })}
          />
          {!one && (
            <NumberInput
              label="Start in"
              error={wrong('delay')}
              description="seconds"
              min={0}
              value={draft.delay}
              onChange={(value) => set({ delay: Number(value) })}
            />
          )}
          <TagsInput label="Tags" error={wrong('tags')} value={draft.tags} onChange={(value) => set({ tags: value })} />
          {draft.tab !== 'task' && (
            <TextInput
              label="Working directory"
              error={wrong('working_dir')}
              classNames={{ input: 'mono' }}
              value={draft.workingDir}
              onChange={(event) => set({ workingDir: event.currentTarget.value })}
            />
          )}
          {draft.tab !== 'task' && (
            <Textarea
              label="Environment"
              error={wrong('env')}
              description="NAME=value, one a line"
              classNames={{ input: 'mono' }}
              autosize
              minRows={2}
              value={draft.env}
              onChange={(event) => set({ env: event.currentTarget.value })}
            />
          )}
        </div>
      </Collapse>
    </>
  );
}
