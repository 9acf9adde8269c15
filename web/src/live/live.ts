import { useSyncExternalStore } from 'react';
import { BASE } from '@/api/client';
import { LiveSocket, type LiveState } from './socket';

export const live = new LiveSocket(() => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${BASE}/ws`);

let paused = false;
const listeners = new Set<() => void>();

export const pause = {
  get: () => paused,
  set(next: boolean) {
    paused = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  use: () => useSyncExternalStore(pause.subscribe, pause.get),
};

export function useLiveState(): LiveState | 'paused' {
  const state = useSyncExternalStore(live.onState, () => live.state);
  return pause.use() && state === 'live' ? 'paused' : state;
}
