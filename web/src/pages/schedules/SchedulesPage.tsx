import { Button, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { queries } from '@/api/queries';
import type { Schedule } from '@/api/types';
import { useKeys } from '@/keys/keys';
import { pause } from '@/live/live';
import { usePaletteVerbs } from '@/shell/paletteVerbs';
import { Empty, ErrorNote, PageHeader, SkeletonRows } from '@/ui/blocks';
import { nextLook } from './draft';
import { ScheduleForm } from './ScheduleForm';
import { ScheduleRow } from './ScheduleRow';

export default function SchedulesPage() {
  const { q = '' } = useSearch({ from: '/frame/schedules' });
  const navigate = useNavigate({ from: '/schedules' });
  const list = useQuery(queries.schedules());
  const [edited, setEdited] = useState<Schedule | 'new'>();
  useLookAfterFirings(list.data?.items);
  useKeys({ '/': () => document.querySelector<HTMLInputElement>('#schedule-search')?.focus() });
  usePaletteVerbs([{ label: 'Add a schedule', run: () => setEdited('new') }]);

  const text = q.trim().toLowerCase();
  const shown = (list.data?.items ?? []).filter((each) => `${each.name} ${each.preview} ${each.cron}`.toLowerCase().includes(text));
  const add = (
    <Button leftSection={<IconPlus size={14} />} onClick={() => setEdited('new')}>
      Add a schedule
    </Button>
  );
  return (
    <>
      <PageHeader title="Schedules">
        {(list.data?.items.length ?? 0) > 0 && (
          <TextInput
            id="schedule-search"
            aria-label="Search schedules"
            placeholder="Name, job or cron   /"
            leftSection={<IconSearch size={14} />}
            value={q}
            onChange={(event) => navigate({ search: { q: event.currentTarget.value || undefined }, replace: true })}
            onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
          />
        )}
        {add}
      </PageHeader>
      <div className="panel scroll-x">
        {list.isPending ? (
          <SkeletonRows rows={5} />
        ) : list.isError ? (
          <ErrorNote error={list.error} what="The schedules could not be loaded." retry={() => list.refetch()} />
        ) : list.data.items.length === 0 ? (
          <Empty title="No schedules" action={add}>
            A schedule runs a job again and again: every night, every ten minutes, on the first of the month.
          </Empty>
        ) : shown.length === 0 ? (
          <Empty
            title="No schedule matches"
            action={
              <Button variant="default" onClick={() => navigate({ search: {} })}>
                Clear the search
              </Button>
            }
          >
            No name, job or expression contains “{q}”.
          </Empty>
        ) : (
          <table className="table cards" aria-label="Schedules">
            <thead>
              <tr>
                <th>Schedule</th>
                <th>State</th>
                <th>When</th>
                <th className="roomy">Job</th>
                <th>Next run</th>
                <th>Last run</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {shown.map((schedule) => (
                <ScheduleRow key={schedule.id} schedule={schedule} edit={() => setEdited(schedule)} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {edited && <ScheduleForm schedule={edited === 'new' ? undefined : edited} close={() => setEdited(undefined)} />}
    </>
  );
}

/** A firing that enqueues is told by its job; one that was left out is told by nobody, so the list is asked for once its time has passed. */
function useLookAfterFirings(schedules?: Schedule[]) {
  const client = useQueryClient();
  useEffect(() => {
    const wait = schedules && nextLook(schedules, Date.now());
    if (wait === undefined) return;
    const timer = setTimeout(() => !pause.get() && client.invalidateQueries({ queryKey: ['schedules'], exact: true }), wait);
    return () => clearTimeout(timer);
  }, [schedules, client]);
}
