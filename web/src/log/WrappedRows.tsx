import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import { PLAIN } from './ansi';
import { drawRow, type RowLook, stateBefore } from './row';
import type { LogStore } from './store';
import { PART, rowsOf } from './window';

export type Wrapped = { reveal: (row: number) => void; topRow: () => number };

type Props = {
  store: LogStore;
  scroller: RefObject<HTMLDivElement | null>;
  view: readonly number[] | undefined;
  look: RowLook;
  part: number;
  version: number;
  following: boolean;
  handle: RefObject<Wrapped | null>;
  onUp: () => void;
  onEnd: () => void;
};

/** The rows when lines are wrapped, and so of many heights. */
export function WrappedRows({ store, scroller, view, look, part, version, following, handle, onUp, onEnd }: Props) {
  const count = view ? view.length : store.length;
  const rows = rowsOf(part, count);
  const virtual = useVirtualizer({ count: rows, getScrollElement: () => scroller.current, estimateSize: () => 18, overscan: 12 });

  const total = virtual.getTotalSize();

  useImperativeHandle(handle, () => ({
    reveal: (row) => virtual.scrollToIndex(row - part * PART, { align: 'center' }),
    topRow: () => part * PART + (virtual.getVirtualItems().find((item) => item.end > (scroller.current?.scrollTop ?? 0))?.index ?? 0),
  }));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the store grew
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!following || !element) return;
    element.scrollTop = element.scrollHeight;
    // Rows are measured as they come into sight, which moves the end once more.
    const again = requestAnimationFrame(() => {
      element.scrollTop = element.scrollHeight;
    });
    return () => cancelAnimationFrame(again);
  }, [following, total, version]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && onUp();
    const onScroll = () => element.scrollTop + element.clientHeight >= element.scrollHeight - 2 && onEnd();
    element.addEventListener('wheel', onWheel, { passive: true });
    element.addEventListener('scrollend', onScroll);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('scrollend', onScroll);
    };
  }, [scroller, onUp, onEnd]);

  return (
    <div className="log-canvas" style={{ height: total }}>
      {virtual.getVirtualItems().map((item) => {
        const index = view ? view[part * PART + item.index]! : part * PART + item.index;
        return (
          <div
            key={item.key}
            data-index={item.index}
            ref={virtual.measureElement}
            style={{ position: 'absolute', top: 0, left: 0, width: '100%', transform: `translateY(${item.start}px)` }}
          >
            <Row store={store} index={index} look={look} version={version} />
          </div>
        );
      })}
    </div>
  );
}

function Row({ store, index, look, version }: { store: LogStore; index: number; look: RowLook; version: number }) {
  const ref = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the line may have changed
  useLayoutEffect(() => {
    const line = store.line(index);
    if (line && ref.current) drawRow(ref.current, store, index, line, line.stream === 'gap' ? PLAIN : stateBefore(store, index), look);
  }, [store, index, look, version]);
  return <div ref={ref} />;
}
