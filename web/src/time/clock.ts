import { useSyncExternalStore } from 'react';
import { persisted } from '@/ui/persisted';
import type { Zone } from './format';

export const zoneStore = persisted<Zone>('drover-zone', 'local');

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (!timer) now = Date.now();
  timer ??= setInterval(() => {
    if (document.hidden) return;
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, once a second, from one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** What is said of a moment, looked at once a second and drawn only when it says something else. */
export function useSaid(say: (now: number) => string): string {
  return useSyncExternalStore(subscribe, () => say(now));
}
