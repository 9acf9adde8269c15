import { Autocomplete, Button, Drawer, Group, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ApiError, api } from '@/api/client';
import type { Schedule } from '@/api/types';
import { ErrorNote } from '@/ui/blocks';
import { useReturnFocus } from '@/ui/focus';
import { toast } from '@/ui/toast';
import { JobFields, OPTIONS } from '../run/JobFields';
import { draftOfSchedule, type ScheduleDraft, scheduleRequest } from './draft';
import { NextTimes, usePreviewErrors } from './NextTimes';
import classes from './Schedules.module.css';

const PRESETS: [string, string][] = [
  ['*/10 * * * *', 'every 10 minutes'],
  ['@hourly', 'hourly'],
  ['30 2 * * *', 'nightly'],
  ['0 8 * * MON-FRI', 'weekdays at 8'],
  ['0 6 1 * *', 'first of the month'],
];

export function ScheduleForm({ schedule, close }: { schedule?: Schedule; close: () => void }) {
  useReturnFocus();
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => draftOfSchedule(schedule, Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'));
  const [more, setMore] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const set = (change: Partial<ScheduleDraft>) => setDraft((before) => ({ ...before, ...change }));
  const zones = useMemo(() => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])], []);

  const [[cron, timezone]] = useDebouncedValue([draft.cron.trim(), draft.timezone.trim() || 'UTC'] as const, 250);
  const tried = usePreviewErrors(cron, timezone);
  const fields = error instanceof ApiError ? error.fields : {};
  const wrong = (field: string) => fields[field]?.join(' ');

  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const body = scheduleRequest(draft, schedule);
      await (schedule ? api.put(`/schedules/${schedule.id}`, body) : api.post('/schedules', body));
      client.invalidateQueries({ queryKey: ['schedules'], exact: true });
      toast.done(schedule ? `“${body.name}” is changed` : `“${body.name}” is added`);
      close();
    } catch (failure) {
      setError(failure);
      if (failure instanceof ApiError && Object.keys(failure.fields).some((field) => OPTIONS.includes(field.replace(/^job\./, ''))))
        setMore(true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={640}
      title={schedule ? `Edit ${schedule.name}` : 'Add a schedule'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className={classes.form}
        data-keys
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
          event.preventDefault();
          save();
        }}
      >
        <TextInput
          data-autofocus
          required
          label="Schedule name"
          description={schedule && draft.name.trim() !== schedule.name ? 'Jobs from before keep the tag of the old name.' : undefined}
          maxLength={80}
          value={draft.name}
          error={wrong('name')}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <div className={classes.pair}>
          <TextInput
            required
            label="Cron"
            description="minute hour day month weekday; with six, the second first"
            classNames={{ input: 'mono' }}
            placeholder="30 2 * * *"
            spellCheck={false}
            value={draft.cron}
            error={(draft.cron.trim() === cron && tried.cron?.join(' ')) || wrong('cron')}
            onChange={(event) => set({ cron: event.currentTarget.value })}
          />
          <Autocomplete
            label="Time zone"
            description="in which the times are meant"
            data={zones}
            limit={30}
            value={draft.timezone}
            error={tried.timezone?.join(' ') ?? wrong('timezone')}
            onChange={(value) => set({ timezone: value })}
          />
        </div>
        <div className={classes.presets} role="group" aria-label="Examples of expressions">
          {PRESETS.map(([value, label]) => (
            <Button key={value} variant="default" size="compact-xs" onClick={() => set({ cron: value })}>
              {label}
            </Button>
          ))}
        </div>
        <NextTimes cron={cron} timezone={timezone} />
        <JobFields
          one
          draft={draft.job}
          set={(change) => setDraft((before) => ({ ...before, job: { ...before.job, ...change } }))}
          wrong={(field) => wrong(`job.${field}`)}
          more={more}
          setMore={setMore}
        />
        <div className={classes.pair}>
          <Select
            label="While its last job still runs"
            allowDeselect={false}
            value={draft.overlap}
            error={wrong('overlap')}
            onChange={(value) => set({ overlap: value as ScheduleDraft['overlap'] })}
            data={[
              { value: 'skip', label: 'leave the run out' },
              { value: 'queue', label: 'wait until it has finished' },
              { value: 'allow', label: 'run beside it' },
              { value: 'cancel', label: 'cancel it, then run' },
            ]}
          />
          <Select
            label="Runs missed while Drover was down"
            allowDeselect={false}
            value={draft.catchUp}
            error={wrong('catch_up')}
            onChange={(value) => set({ catchUp: value as ScheduleDraft['catchUp'] })}
            data={[
              { value: 'skip', label: 'leave them out' },
              { value: 'one', label: 'make up for the last one' },
              { value: 'all', label: 'make up for each, in order' },
            ]}
          />
        </div>
        <div className={classes.pair}>
          <NumberInput
            label="Jitter"
            description="seconds by which each run is put off at most"
            min={0}
            max={86_400}
            value={draft.jitter}
            error={wrong('jitter')}
            onChange={(value) => set({ jitter: Number(value) || 0 })}
          />
          <Switch
            mt={22}
            label="Paused"
            description="runs only when asked to"
            checked={draft.paused}
            onChange={(event) => set({ paused: event.currentTarget.checked })}
          />
        </div>
        {error !== undefined && (
          <ErrorNote error={error instanceof ApiError ? new Error(error.details) : error} what="The schedule was not saved." />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Discard
          </Button>
          <Button type="submit" loading={busy}>
            {schedule ? 'Save' : 'Add the schedule'}
          </Button>
        </Group>
      </form>
    </Drawer>
  );
}
