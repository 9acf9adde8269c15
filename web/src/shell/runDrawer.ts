import { useSyncExternalStore } from 'react';
import type { JobDraft } from '@/pages/run/draft';

type State = { opened: boolean; draft?: Partial<JobDraft> };

let state: State = { opened: false };
const listeners = new Set<() => void>();
const set = (next: State) => {
  state = next;
  for (const listener of listeners) listener();
};

/** The form for a new job, over whatever page is shown. */
export const runDrawer = {
  open: (draft?: Partial<JobDraft>) => set({ opened: true, draft }),
  close: () => set({ opened: false }),
};

export const useRunDrawer = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
