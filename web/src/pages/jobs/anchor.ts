import { type RefObject, useCallback, useLayoutEffect, useRef } from 'react';

/** A row that is in sight, and where it stood. */
export type Anchor = { id: string; index: number };

/** By how many rows the anchor has moved; 0 when it is gone. */
export function moved(anchor: Anchor, ids: string[]): number {
  if (ids[anchor.index] === anchor.id) return 0;
  const index = ids.indexOf(anchor.id);
  return index < 0 ? 0 : index - anchor.index;
}

/** What one reads stays where it is when the list is read anew and rows have come or gone above it. Returns what is to be called on each scroll. */
export function useAnchor(scroller: RefObject<HTMLDivElement | null>, ids: string[], height: number) {
  const anchor = useRef<Anchor>(undefined);
  const remember = useCallback(() => {
    const top = scroller.current?.scrollTop ?? 0;
    const index = Math.floor(top / height);
    const id = ids[index];
    // At the top one wants to see what comes.
    anchor.current = top > 8 && id ? { id, index } : undefined;
  }, [scroller, ids, height]);
  useLayoutEffect(() => {
    const rows = anchor.current ? moved(anchor.current, ids) : 0;
    if (rows !== 0 && scroller.current) scroller.current.scrollTop += rows * height;
    remember();
  }, [scroller, ids, height, remember]);
  return remember;
}
