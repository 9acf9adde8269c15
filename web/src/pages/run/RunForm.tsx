import { Button, Menu } from '@mantine/core';
import { IconCopy, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { ApiError, api } from '@/api/client';
import { newKey } from '@/api/idempotency';
import { queries } from '@/api/queries';
import type { Job, JobBulkResult } from '@/api/types';
import { ErrorNote } from '@/ui/blocks';
import { persisted } from '@/ui/persisted';
import { copy, toast } from '@/ui/toast';
import { asCSharp, asCurl, asDrover, asShell } from './copies';
import { EMPTY, type JobDraft, type Kept, requestOf } from './draft';
import { JobFields, OPTIONS } from './JobFields';
import classes from './RunForm.module.css';

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
  const set = (change: Partial<JobDraft>) => setDraft((before) => ({ ...before, ...change }));
  const nameOf = (id: string) => servers?.items.find((server) => server.id === id)?.name ?? id;

  const fields = error instanceof ApiError ? error.fields : {};
  const wrong = (field: string) => fields[field]?.join(' ');

  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { path, body, many } = requestOf(draft);
      lastDraft.set({ ...draft, kept: undefined, origin: undefined });
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
      <JobFields draft={draft} set={set} wrong={wrong} more={more} setMore={setMore} />
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
        <code className="mono">{draft.tab === 'task' ? draft.payload : resolved(draft)}</code>
        {draft.kept && (
          <span className="soft">
            Kept from the job it is made of: {wordsOf(draft.kept).join(', ')}.{' '}
            <Button variant="subtle" size="compact-xs" onClick={() => set({ kept: undefined })}>
              Leave out
            </Button>
          </span>
        )}
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
            <Menu.Item onClick={() => copyAs('C# code', () => asCSharp(draft, location.origin))}>C#</Menu.Item>
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

function resolved(draft: JobDraft): string {
  try {
    return asShell(draft);
  } catch (failure) {
    return (failure as Error).message;
  }
}

const wordsOf = (kept: Kept) => [
  ...(kept.stdin ? [`standard input (${kept.stdin.length.toLocaleString('en-US')} characters)`] : []),
  ...(kept.pty ? ['a terminal'] : []),
  ...(kept.unbuffered ? ['unbuffered output'] : []),
  ...(kept.worker_labels ? [`worker labels ${kept.worker_labels.join(', ')}`] : []),
  ...(kept.limit_key ? [`limit key ${kept.limit_key}`] : []),
  ...(kept.on_worker_lost ? [`${kept.on_worker_lost} when its worker is lost`] : []),
  ...(kept.backoff ? ['longest wait and jitter between attempts'] : []),
];
