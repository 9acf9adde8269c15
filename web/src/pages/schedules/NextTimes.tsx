import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { queries } from '@/api/queries';
import { useNow } from '@/time/clock';
import { relative } from '@/time/format';
import classes from './Schedules.module.css';

/** The next ten times of an expression, as the server reckons them. */
export function NextTimes({ cron, timezone }: { cron: string; timezone: string }) {
  // The times before stay until the new ones are there: nothing jumps under the pointer.
  const preview = useQuery({ ...queries.schedulePreview(cron, timezone), enabled: cron !== '', placeholderData: keepPreviousData });
  const now = useNow();
  const times = preview.data?.times as string[] | undefined;
  return (
    <div className="panel" role="group" aria-label="The next times">
      {cron === '' ? (
        <div className={`${classes.times} soft`}>The next ten times stand here.</div>
      ) : preview.isError ? (
        <div className={`${classes.times} soft`}>No times: the expression is not understood yet.</div>
      ) : !times ? (
        <div className={classes.times} aria-busy />
      ) : times.length === 0 ? (
        <div className={classes.times}>It will never come.</div>
      ) : (
        <ol className={classes.times}>
          {times.map((at, i) => (
            <li key={at}>
              <span className="mono">{preview.data!.local[i]}</span> <span className="soft">{relative(Date.parse(at), now)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** What is wrong with the expression or its zone, as soon as it is typed. */
export function usePreviewErrors(cron: string, timezone: string): Record<string, string[]> {
  const { error } = useQuery({ ...queries.schedulePreview(cron, timezone), enabled: cron !== '' });
  return error && 'fields' in error ? (error.fields as Record<string, string[]>) : {};
}
