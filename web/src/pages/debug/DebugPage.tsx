import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api } from '@/api/client';
import { queries } from '@/api/queries';
import { live } from '@/live/live';
import type { Frame } from '@/live/socket';
import { STATUS_ICONS } from '@/theme/status';
import { zoneStore } from '@/time/clock';
import { full } from '@/time/format';
import { Since } from '@/time/Time';
import { Empty, ErrorNote, PageHeader, Panel } from '@/ui/blocks';
import { ToneBadge } from '@/ui/StatusBadge';
import { SettingsPanel } from './SettingsPanel';

type Seen = { at: number; frame: Frame };
const KEPT = 500;

export default function DebugPage() {
  const health = useQuery(queries.health());
  const info = useQuery(queries.info());
  const config = useQuery(queries.config());
  const level = config.data?.items.find((item) => item.name === 'LOG_LEVEL')?.value;
  const workers = useQuery(queries.workers());
  const leases = (workers.data?.items ?? []).flatMap((worker) =>
    worker.jobs.map((job) => ({ ...job, worker: worker.id, heard: worker.last_heartbeat })),
  );
  const { events, paused, setPaused, clear } = useEvents();
  const [find, setFind] = useState('');
  const utc = zoneStore.use() === 'utc';
  const shown = events.filter((each) => !find || JSON.stringify(each.frame).toLowerCase().includes(find.toLowerCase())).slice(0, 200);

  const exportBundle = async () => {
    const parts = await Promise.all(
      [api.get('/system/info'), api.get('/system/enhanced'), api.get('/queues'), api.get('/workers'), api.get('/system/config')].map(
        (call) => call.catch((error) => String(error)),
      ),
    );
    const bundle = {
      made_at: new Date().toISOString(),
      browser: navigator.userAgent,
      health: health.data,
      info: parts[0],
      enhanced: parts[1],
      queues: parts[2],
      workers: parts[3],
      configuration: parts[4],
      events: events.slice(0, 200),
    };
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(bundle, null, 2)], { type: 'application/json' }));
    link.download = 'drover-debug.json';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <>
      <PageHeader title="Debug" note={info.data && `version ${info.data.version}${level ? ` · log level ${level}` : ''}`}>
        <Button onClick={exportBundle}>Export a bundle for a bug report</Button>
      </PageHeader>
      <div style={{ display: 'grid', gap: 12, gridTemplateColumns: 'repeat(auto-fit, minmax(300px, 1fr))', marginBottom: 12 }}>
        <Panel title="Health" pad={false}>
          {health.isError ? (
            <ErrorNote error={health.error} what="No answer." retry={() => health.refetch()} />
          ) : (
            <table className="table">
              <tbody>
                {Object.entries(health.data?.checks ?? {}).map(([name, check]) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td>
                      <ToneBadge
                        tone={check.status === 'ok' ? 'completed' : check.status === 'degraded' ? 'retrying' : 'failed'}
                        icon={check.status === 'ok' ? STATUS_ICONS.completed : STATUS_ICONS.failed}
                      >
                        {check.status}
                      </ToneBadge>
                    </td>
                    <td className="num">{check.latency_ms == null ? '' : `${check.latency_ms.toFixed(1)} ms`}</td>
                    <td className="soft" style={{ whiteSpace: 'normal' }}>
                      {check.detail}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel title="Leases: jobs in workers’ hands" pad={false}>
          {leases.length === 0 ? (
            <Empty title="None" />
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
            <section aria-label="Leases" style={{ maxHeight: 200, overflow: 'auto' }} tabIndex={0}>
              <table className="table">
                <thead>
                  <tr>
                    <th>Job</th>
                    <th>Attempt</th>
                    <th>Worker</th>
                    <th className="num">Last heard</th>
                  </tr>
                </thead>
                <tbody>
                  {leases.map((lease) => (
                    <tr key={`${lease.id} ${lease.attempt}`}>
                      <td className="mono">
                        <Link to="/jobs/$id" params={{ id: lease.id }}>
                          {lease.id.slice(-12)}
                        </Link>
                      </td>
                      <td>{lease.attempt}</td>
                      <td className="mono cut" style={{ maxWidth: 200 }} title={lease.worker}>
                        {lease.worker}
                      </td>
                      <td className="num" title="since the worker was heard of; its jobs are given to others when that takes too long">
                        <Since at={lease.heard} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
        </Panel>
      </div>
      <Panel
        title="Events"
        pad={false}
        verbs={
          <>
            <TextInput
              aria-label="Filter events"
              placeholder="Filter"
              value={find}
              onChange={(event) => setFind(event.currentTarget.value)}
            />
            <Button variant="default" onClick={() => setPaused(!paused)}>
              {paused ? 'Go on' : 'Pause'}
            </Button>
            <Button variant="default" onClick={clear}>
              Clear
            </Button>
          </>
        }
      >
        {shown.length === 0 ? (
          <Empty title="Nothing yet">What happens from now on appears here.</Empty>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          <section aria-label="Latest events" style={{ maxHeight: '50vh', overflow: 'auto' }} tabIndex={0}>
            <table className="table">
              <tbody>
                {shown.map((each, i) => (
                  <tr key={`${each.at} ${i}`}>
                    <td className="mono soft">{full(each.at, utc ? 'utc' : 'local').slice(11, 23)}</td>
                    <td>{each.frame.topic}</td>
                    <td>{each.frame.event}</td>
                    <td className="mono cut" style={{ maxWidth: 600 }} title={JSON.stringify(each.frame.data)}>
                      {JSON.stringify(each.frame.data)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </Panel>
      <div style={{ marginTop: 12 }}>
        <SettingsPanel />
      </div>
    </>
  );
}

function useEvents() {
  const [events, setEvents] = useState<Seen[]>([]);
  const [paused, setPaused] = useState(false);
  const stopped = useRef(paused);
  stopped.current = paused;
  useEffect(() => {
    let waiting: Seen[] = [];
    const take = (frame: Frame) => {
      if (!stopped.current) waiting.push({ at: Date.now(), frame });
    };
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const fresh = waiting.toReversed();
      waiting = [];
      setEvents((before) => [...fresh, ...before].slice(0, KEPT));
    }, 250);
    const ends = ['jobs', 'workers', 'queues', 'servers'].map((topic) => live.subscribe(topic, take));
    return () => {
      clearInterval(timer);
      for (const end of ends) end();
    };
  }, []);
  return { events, paused, setPaused, clear: () => setEvents([]) };
}
