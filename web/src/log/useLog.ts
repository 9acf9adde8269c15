import { useMantineColorScheme } from '@mantine/core';
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react';
import { zoneStore } from '@/time/clock';
import { persisted } from '@/ui/persisted';
import { LogFeed } from './feed';
import type { RowLook, Stamps } from './row';
import { LogSearch } from './search';
import { LogStore } from './store';
import type { Wrapped } from './WrappedRows';
import { LogWindow } from './window';

export type Streams = 'both' | 'stdout' | 'stderr';
export type LogOptions = { stamps: Stamps; wrap: boolean; streams: Streams; filter: boolean };

const remembered = persisted<Pick<LogOptions, 'stamps' | 'wrap'>>('drover-log', {
  stamps: 'off',
  wrap: matchMedia('(max-width: 767px)').matches,
});

/** All that a log on the page is: its lines, what of them is shown, and where the reader is. */
export function useLog(id: string) {
  const [generation, reload] = useReducer((value: number) => value + 1, 0);
  const [version, touch] = useReducer((value: number) => value + 1, 0);
  const kept = remembered.use();
  const [chosen, setChosen] = useState<Pick<LogOptions, 'streams' | 'filter'>>({ streams: 'both', filter: false });
  const options: LogOptions = { ...kept, ...chosen };
  const [query, setQuery] = useState('');
  const [current, setCurrent] = useState(-1);
  const [range, setRange] = useState(() => parseHash(location.hash));
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const wrapped = useRef<Wrapped>(null);
  const window_ = useRef<LogWindow>(undefined);
  const wrapState = useRef({ following: true, unseen: 0, part: 0 });
  const scheme = useMantineColorScheme().colorScheme;
  const utc = zoneStore.use() === 'utc';

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new generation is a new log
  const parts = useMemo(() => {
    const store = new LogStore();
    const search = new LogSearch(store, touch);
    let again: ReturnType<typeof setTimeout> | undefined;
    const feed = new LogFeed(id, store, {
      grown: (by) => {
        search.more();
        window_.current?.grown(by);
        if (!wrapState.current.following) wrapState.current.unseen += Math.max(0, by);
        touch();
      },
      raised: (by) => {
        // Every line's number changed: what was found is looked for anew, once, when the pages have come.
        if (search.query && by > 0) {
          clearTimeout(again);
          again = setTimeout(() => search.start(search.query), 300);
        }
        window_.current?.raised(by);
        touch();
      },
      state: touch,
    });
    return { store, search, feed };
  }, [id, generation]);
  const { store, search, feed } = parts;

  useEffect(() => {
    feed.start();
    return () => {
      feed.stop();
      search.stop();
    };
  }, [feed, search]);

  const view = useView(store, options, search, version);
  const look = useMemo<RowLook>(
    () => ({
      stamps: options.stamps,
      utc,
      dark: scheme === 'dark' || document.documentElement.getAttribute('data-mantine-color-scheme') === 'dark',
      query,
      current,
      selected: range,
      filtered: view !== undefined,
    }),
    [options.stamps, utc, scheme, query, current, range, view],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the look is handed on below
  useEffect(() => {
    if (options.wrap || !scroller.current || !canvas.current) return;
    const made = new LogWindow(store, scroller.current, canvas.current, look, touch);
    window_.current = made;
    made.follow(wrapState.current.following);
    return () => {
      wrapState.current = { following: made.following, unseen: 0, part: made.part };
      made.dispose();
      window_.current = undefined;
    };
  }, [store, options.wrap]);
  useEffect(() => {
    const shown = window_.current;
    if (!shown) return;
    shown.look = look;
    shown.view = view;
    shown.update();
  }, [look, view]);

  const follow = useCallback((on: boolean) => {
    wrapState.current = { ...wrapState.current, following: on, unseen: 0 };
    window_.current?.follow(on);
    touch();
  }, []);
  const reveal = useCallback(
    (line: number) => {
      const row = view ? lowerBound(view, line) : line;
      wrapState.current.following = false;
      if (window_.current) window_.current.reveal(row);
      else wrapped.current?.reveal(row);
      touch();
    },
    [view],
  );

  // A link to lines waits for the beginning, for only then do numbers mean something.
  const linked = useRef(range !== undefined);
  useEffect(() => {
    if (linked.current && store.headReached && range) {
      linked.current = false;
      reveal(range[0]);
    }
  });

  // A link to other lines of this log, opened where the log is shown already.
  useEffect(() => {
    const onHash = () => {
      const next = parseHash(location.hash);
      if (!next) return;
      setRange(next);
      reveal(next[0]);
    };
    window.addEventListener('hashchange', onHash);
    return () => window.removeEventListener('hashchange', onHash);
  }, [reveal]);

  const choose = (line: number, extend: boolean) => {
    const next: [number, number] = extend && range ? [Math.min(range[0], line), Math.max(range[1], line)] : [line, line];
    setRange(next);
    if (!store.headReached) return;
    const hash = next[0] === next[1] ? `#L${next[0] + 1}` : `#L${next[0] + 1}-${next[1] + 1}`;
    history.replaceState(history.state, '', `${location.pathname}${location.search}${hash}`);
  };
  const going = window_.current;
  return {
    store,
    feed,
    search,
    view,
    options,
    look,
    version,
    scroller,
    canvas,
    wrapped,
    query,
    range,
    current,
    following: going ? going.following : wrapState.current.following,
    unseen: going ? going.unseen : wrapState.current.unseen,
    part: going ? going.part : wrapState.current.part,
    follow,
    reveal,
    reload,
    stopFollowing: useCallback(() => wrapState.current.following && follow(false), [follow]),
    startFollowing: useCallback(() => !wrapState.current.following && follow(true), [follow]),
    showPart: (part: number) => {
      wrapState.current.part = part;
      going?.showPart(part);
      touch();
    },
    set(change: Partial<LogOptions>) {
      const next = { ...options, ...change };
      remembered.set({ stamps: next.stamps, wrap: next.wrap });
      setChosen({ streams: next.streams, filter: next.filter });
    },
    find(text: string) {
      setQuery(text);
      setCurrent(-1);
      search.start(text);
    },
    /** Goes to the next match, from where the reader is. */
    step(by: 1 | -1) {
      if (search.hits.length === 0) return;
      const from = current >= 0 ? current : (going?.topLine ?? 0) - by;
      const at = by > 0 ? lowerBound(search.hits, from + 1) : lowerBound(search.hits, from) - 1;
      const line = search.hits[(at + search.hits.length) % search.hits.length]!;
      setCurrent(line);
      reveal(line);
    },
    nextStderr() {
      const from = current >= 0 ? current + 1 : 0;
      const found = firstStderr(store, from) ?? firstStderr(store, 0);
      if (found === undefined) return;
      setCurrent(found);
      reveal(found);
    },
    /** Shows a filtered match among its neighbours. */
    inContext() {
      const line = current >= 0 ? current : (going?.topLine ?? 0);
      setChosen({ streams: 'both', filter: false });
      setCurrent(line);
      setTimeout(() => window_.current?.reveal(line), 50);
    },
    /** Chooses the match or else the first line in sight, when none is chosen: a link needs one. */
    mark() {
      if (range) return;
      const line = current >= 0 ? current : going?.topLine;
      if (line !== undefined && line >= 0) choose(line, false);
    },
    choose,
  };
}

export type Log = ReturnType<typeof useLog>;

/** The lines that are shown; undefined for all of them. */
function useView(store: LogStore, { streams, filter }: LogOptions, search: LogSearch, version: number): readonly number[] | undefined {
  const all = streams === 'both' && !filter;
  const grown = all ? 0 : version;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that lines or matches came
  return useMemo(() => {
    if (all) return undefined;
    if (filter && search.query)
      return streams === 'both' ? [...search.hits] : search.hits.filter((line) => store.line(line)?.stream === streams);
    if (streams === 'both') return undefined;
    const lines: number[] = [];
    store.scan(0, store.length, (index, _, stream) => {
      if (stream === streams || stream === 'gap') lines.push(index);
    });
    return lines;
  }, [store, search, all, streams, filter, grown]);
}

export function parseHash(hash: string): [number, number] | undefined {
  const match = /^#L(\d+)(?:-(\d+))?$/.exec(hash);
  if (!match) return undefined;
  const from = Number(match[1]) - 1;
  const to = match[2] ? Number(match[2]) - 1 : from;
  return from < 0 ? undefined : [Math.min(from, to), Math.max(from, to)];
}

function firstStderr(store: LogStore, from: number): number | undefined {
  let found: number | undefined;
  store.scan(from, store.length, (index, _, stream) => {
    if (found === undefined && stream === 'stderr') found = index;
  });
  return found;
}

function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
