import { Button } from '@mantine/core';
import { IconArrowDown } from '@tabler/icons-react';
import { useEffect, useMemo, useRef } from 'react';
import { useKeys } from '@/keys/keys';
import { count } from '@/time/format';
import { ErrorNote } from '@/ui/blocks';
import { copy } from '@/ui/toast';
import { LogBar } from './LogBar';
import './log.css';
import { strip } from './ansi';
import { useLog } from './useLog';
import { WrappedRows } from './WrappedRows';
import { PART, partsOf, rowsOf } from './window';

/** A job's output: live, searchable, and as long as it likes. */
export function LogViewer({ id }: { id: string }) {
  const root = useRef<HTMLDivElement>(null);
  const log = useLog(id);
  const { store, feed, view, options, look } = log;

  useKeys({
    f: () => log.follow(!log.following),
    'g g': () => log.reveal(0),
    G: () => log.follow(true),
    n: () => log.step(1),
    N: () => log.step(-1),
    E: log.nextStderr,
    w: () => log.set({ wrap: !options.wrap }),
    '1': () => log.set({ streams: 'both' }),
    '2': () => log.set({ streams: 'stdout' }),
    '3': () => log.set({ streams: 'stderr' }),
    y: () => {
      log.mark();
      copy(location.href, 'Link');
    },
    '/': () => root.current?.querySelector<HTMLInputElement>('.log-find input')?.focus(),
  });

  const onCopy = useMemo(
    () => () => {
      const range = log.range ?? [0, store.length - 1];
      const lines: string[] = [];
      store.scan(range[0], range[1] + 1, (_, text) => lines.push(strip(text)));
      copy(lines.join('\n'), `${count(lines.length)} ${lines.length === 1 ? 'line' : 'lines'}`);
    },
    [log.range, store],
  );

  useEffect(() => {
    const scroller = log.scroller.current;
    if (!scroller) return;
    const onClick = (event: MouseEvent) => {
      const target = event.target as HTMLElement;
      if (!target.classList.contains('log-number')) return;
      log.choose(Number(target.closest<HTMLElement>('.log-row')?.dataset.index), event.shiftKey);
    };
    scroller.addEventListener('click', onClick);
    return () => scroller.removeEventListener('click', onClick);
  });

  const rows = view ? view.length : store.length;
  const parts = partsOf(rows);
  return (
    <div className={`log${options.wrap ? ' log-wrapped' : ''}`} ref={root}>
      <LogBar
        id={id}
        log={log}
        onCopy={onCopy}
        onFull={() => (document.fullscreenElement ? document.exitFullscreen() : root.current?.requestFullscreen())}
      />
      {parts > 1 && (
        <div className="log-part">
          <Button variant="default" size="compact-xs" disabled={log.part === 0} onClick={() => log.showPart(log.part - 1)}>
            Earlier
          </Button>
          lines {count(log.part * PART + 1)}–{count(log.part * PART + rowsOf(log.part, rows))} of {count(rows)}
          <Button variant="default" size="compact-xs" disabled={log.part >= parts - 1} onClick={() => log.showPart(log.part + 1)}>
            Later
          </Button>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <div className="log-scroll" ref={log.scroller} tabIndex={0} role="log" aria-label="Output" aria-live="off" data-testid="log">
        {feed.error ? <ErrorNote error={feed.error} what="The output could not be loaded." retry={log.reload} /> : null}
        {!feed.error && rows === 0 && <div className="log-note">{note(feed.loading, feed.complete, store.length > 0)}</div>}
        {options.wrap ? (
          <WrappedRows
            store={store}
            scroller={log.scroller}
            view={view}
            look={look}
            part={log.part}
            version={log.version}
            following={log.following}
            handle={log.wrapped}
            onUp={log.stopFollowing}
            onEnd={log.startFollowing}
          />
        ) : (
          <div className="log-canvas" ref={log.canvas} />
        )}
      </div>
      {!log.following && !feed.complete && (
        <Button className="log-below" leftSection={<IconArrowDown size={14} />} onClick={() => log.follow(true)} size="compact-sm">
          {log.unseen > 0 ? `${count(log.unseen)} new ${log.unseen === 1 ? 'line' : 'lines'}` : 'Follow'}
        </Button>
      )}
    </div>
  );
}

function note(loading: boolean, complete: boolean, filtered: boolean): string {
  if (loading) return 'Loading…';
  if (filtered) return 'No line matches. Clear the search or choose both streams.';
  return complete ? 'It printed nothing.' : 'No output yet. It appears here as it comes.';
}
