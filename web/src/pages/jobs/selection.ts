import { useCallback, useMemo, useState } from 'react';

/** Which rows are chosen, and which one the keys move. */
export function useSelection(ids: readonly string[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [cursorId, setCursorId] = useState<string>();
  const [anchor, setAnchor] = useState<string>();
  /** All that match, also those that are not loaded. */
  const [everything, setEverything] = useState(false);
  const cursor = cursorId ? ids.indexOf(cursorId) : -1;

  const clear = useCallback(() => {
    setChosen(new Set());
    setEverything(false);
  }, []);
  const toggle = useCallback((id: string) => {
    setEverything(false);
    setAnchor(id);
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const range = useCallback(
    (id: string) => {
      const [a, b] = [anchor ? ids.indexOf(anchor) : ids.indexOf(id), ids.indexOf(id)].sort((x, y) => x - y) as [number, number];
      setEverything(false);
      setChosen((before) => new Set([...before, ...ids.slice(Math.max(0, a), b + 1)]));
    },
    [anchor, ids],
  );
  return useMemo(
    () => ({
      chosen,
      everything,
      cursor,
      cursorId,
      clear,
      toggle,
      range,
      setEverything,
      all: () => setChosen(new Set(ids)),
      move: (by: number) => setCursorId(ids[Math.max(0, Math.min(ids.length - 1, cursor < 0 ? 0 : cursor + by))]),
      put: setCursorId,
    }),
    [chosen, everything, cursor, cursorId, clear, toggle, range, ids],
  );
}
