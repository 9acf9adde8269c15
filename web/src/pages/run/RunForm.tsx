import {
  Autocomplete,
  Button,
  Collapse,
  Menu,
  MultiSelect,
  NumberInput,
  Select,
  Tabs,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconChevronDown, IconCopy, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useRef, useState } from 'react';
import { ApiError, api } from '@/api/client';
import { newKey } from '@/api/idempotency';
import { queries } from '@/api/queries';
import type { Job, JobBulkResult } from '@/api/types';
import { ErrorNote } from '@/ui/blocks';
import { persisted } from '@/ui/persisted';
import { copy, toast } from '@/ui/toast';
import { asCSharp, asCurl, asDrover, EMPTY, type JobDraft, requestOf } from './draft';
import classes from './RunForm.module.css';

const Editor = lazy(() => import('@/ui/Editor'));

/** Fields that are folded away until they are asked for, or wrong. */
const OPTIONS = ['name', 'queue', 'priority', 'timeout', 'max_attempts', 'backoff.delay', 'delay', 'tags', 'working_dir', 'env'];
const lastDraft = persisted<JobDraft>('drover-draft', EMPTY);

/** A job to be run; what was written last stands there again. */
export function RunForm({ draft: given, done }: { draft?: Partial<JobDraft>; done?: () => void }) {
  const [draft, setDraft] = useState<JobDraft>(() => (given ? { ...EMPTY, ...given } : { ...EMPTY, ...lastDraft.get() }));
  const [more, setMore] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const navigate = useNavigate();
  const { data: servers } = useQuery(queries.servers());
  const { data: queues } = useQuery(queries.queues());
  const { data: workers } = useQuery(queries.workers());
  const set = (change: Partial<JobDraft>) => setDraft((before) => ({ ...before, ...change }));
  const nameOf = (id: string) => servers?.items.find((server) => server.id === id)?.name ?? id;
  const tags = [...new Set(servers?.items.flatMap((server) => server.tags) ?? [])].sort();
  const types = [...new Set(workers?.items.flatMap((worker) => worker.job_types) ?? [])].sort();

  const fields = error instanceof ApiError ? error.fields : {};
  const wrong = (field: string) => fields[field]?.join(' ');

  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { path, body, many } = requestOf(draft);
      lastDraft.set(draft);
      if (many) {
        const result = await api.post<JobBulkResult>(path, body, key.current);
        toast.done(`${result.ids.length} jobs submitted`);
        done?.();
        navigate({ to: '/jobs', search: {} });
      } else {
        const job = await api.post<Job>(path, body, key.current);
        done?.();
        navigate({ to: '/jobs/$id', params: { id: job.id } });
      }
    } catch (failure) {
      // A changed draft is another request: the old key would answer with the old one.
      key.current = newKey();
      setError(failure);
      if (failure instanceof ApiError && Object.keys(failure.fields).some((field) => OPTIONS.includes(field))) setMore(true);
    } finally {
      setBusy(false);
    }
  };
  const copyAs = (what: string, make: () => string) => {
    try {
      copy(make(), what);
    } catch (failure) {
      setError(failure);
    }
  };

  return (
    <form
      className={classes.form}
      data-keys
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
        event.preventDefault();
        run();
      }}
    >
      <Tabs value={draft.tab} onChange={(tab) => set({ tab: tab as JobDraft['tab'] })}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="command">Command</Tabs.Tab>
          <Tabs.Tab value="script">Script</Tabs.Tab>
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
      {draft.tab !== 'task' && (
        <div className={classes.pair}>
          <MultiSelect
            label="Servers"
            error={wrong('server_id')}
            placeholder={draft.servers.length ? '' : 'local'}
            searchable
            data={(servers?.items ?? []).map((server) => ({
              value: server.id,
              label: server.is_active ? server.name : `${server.name} (off)`,
              disabled: !server.is_active,
            }))}
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
      )}
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
          <NumberInput
            label="Start in"
            error={wrong('delay')}
            description="seconds"
            min={0}
            value={draft.delay}
            onChange={(value) => set({ delay: Number(value) })}
          />
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
      {error !== undefined && (
        <ErrorNote
          error={error instanceof Error && 'details' in error ? new Error(String(error.details)) : error}
          what="The job was not submitted."
        />
      )}
      <div className={classes.preview} role="group" aria-label="What will be run">
        <span className="soft">
          {draft.tab === 'task'
            ? draft.jobType || 'task'
            : draft.serverTags.length
              ? `on all with ${draft.serverTags.join(', ')}`
              : `on ${draft.servers.map(nameOf).join(', ') || 'local'}`}
        </span>
        <code className="mono">
          {draft.tab === 'command'
            ? draft.command || '…'
            : draft.tab === 'script'
              ? `${draft.shell || 'script'} ${draft.args}`
              : draft.payload}
        </code>
      </div>
      <div className={classes.verbs}>
        <Menu position="top-start">
          <Menu.Target>
            <Button variant="default" leftSection={<IconCopy size={14} />}>
              Copy as
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => copyAs('curl call', () => asCurl(draft, location.origin))}>curl</Menu.Item>
            <Menu.Item disabled={draft.tab === 'task'} onClick={() => copyAs('drover call', () => asDrover(draft, nameOf))}>
              drover
            </Menu.Item>
            <Menu.Item onClick={() => copyAs('C# code', () => asCSharp(draft))}>C#</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Button variant="subtle" color="gray" onClick={() => setDraft({ ...EMPTY, tab: draft.tab })}>
          Clear
        </Button>
        <span style={{ flex: 1 }} />
        <Button
          type="submit"
          loading={busy}
          leftSection={<IconPlayerPlay size={14} />}
          rightSection={<span className={classes.hint}>⌘↵</span>}
        >
          Run
        </Button>
      </div>
    </form>
  );
}
