import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { arrivals } from './events';
import { LateAnswers } from './late';
import { live, pause } from './live';
import { apply, collect, isFiring, noChanges } from './patch';
import type { Frame } from './socket';

/** Renders are at most four a second, whatever the rate of events. */
const RENDER_MS = 250;
/** Counts, rates and series are asked for anew at most this often while things change. */
const REFRESH_MS = 1000;

/** Keeps the query cache true by the events of the tab's WebSocket. Mounted once, by the frame. */
export function useLive() {
  const client = useQueryClient();
  useEffect(() => {
    let changes = noChanges();
    const late = new LateAnswers(client);
    const stale = new Set<string>();
    let subscribed = false;
    let render: ReturnType<typeof setTimeout> | undefined;
    let refresh: ReturnType<typeof setTimeout> | undefined;

    const flush = () => {
      render = undefined;
      if (pause.get()) return;
      late.keep(changes);
      apply(client, changes);
      for (const job of changes.created.values()) arrivals.created(job);
      changes = noChanges();
    };
    const renew = () => {
      refresh = undefined;
      if (pause.get()) return;
      for (const key of stale) client.invalidateQueries({ queryKey: JSON.parse(key) });
      stale.clear();
    };
    const mark = (...keys: string[][]) => {
      for (const key of keys) stale.add(JSON.stringify(key));
      refresh ??= setTimeout(renew, REFRESH_MS);
    };
    const missed = () => {
      changes = noChanges();
      mark(['jobs'], ['job'], ['queues'], ['workers'], ['servers'], ['schedules'], ['system']);
    };
    const onJobs = (frame: Frame) => {
      if (frame.event === 'reset') return missed();
      if (frame.event === 'subscribed') {
        // The first time nothing tells what happened between the page's first questions and now; later the server goes on from the last seq.
        if (!subscribed) mark(['jobs'], ['job'], ['schedules']);
        subscribed = true;
        return;
      }
      collect(changes, frame);
      render ??= setTimeout(flush, RENDER_MS);
      mark(['jobs', 'counts'], ['jobs', 'recent'], ['system']);
      if (isFiring(frame)) mark(['schedules']);
    };
    // Queues and workers tell their whole state each second while it changes: nothing is asked for then.
    const onOther = (key: string) => (frame: Frame) => {
      if (frame.event === 'reset') missed();
      else if (frame.event === 'subscribed' || pause.get()) return;
      else if (frame.data && typeof frame.data === 'object' && 'items' in frame.data) client.setQueryData([key], frame.data);
      else mark([key], ['system']);
    };

    live.start();
    const ends = [
      late.watch(),
      live.subscribe('jobs', onJobs),
      live.subscribe('workers', onOther('workers')),
      live.subscribe('queues', onOther('queues')),
      live.subscribe('servers', onOther('servers')),
      pause.subscribe(() => {
        if (pause.get()) return;
        flush();
        renew();
      }),
    ];
    let wasLive = live.state === 'live';
    ends.push(
      live.onState(() => {
        // After a loss the server goes on from the last seq or says `reset`; what no event tells is asked for once.
        if (live.state === 'live' && !wasLive) mark(['jobs', 'counts'], ['queues'], ['workers'], ['servers'], ['schedules'], ['system']);
        wasLive = live.state === 'live';
      }),
    );
    return () => {
      for (const end of ends) end();
      clearTimeout(render);
      clearTimeout(refresh);
      live.stop();
    };
  }, [client]);
}
