import { ApiError } from '@/api/client';

export type Toast = { message: string; title?: string; failed?: boolean };

let waiting: Toast[] = [];
let show: ((toast: Toast) => void) | undefined;
const listeners = new Set<() => void>();

const say = (toast: Toast) => {
  if (show) return show(toast);
  waiting = [...waiting, toast];
  for (const listener of listeners) listener();
};

/** What is to be said before ToastHost, which is loaded with the first of them, can say it. */
export const toasts = {
  waiting: () => waiting.length > 0 || show !== undefined,
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  take(by: (toast: Toast) => void) {
    show = by;
    for (const toast of waiting) by(toast);
    waiting = [];
  },
};

export const toast = {
  done: (message: string) => say({ message }),
  failed: (error: unknown, title?: string) =>
    say({
      title,
      message: error instanceof ApiError ? error.details : error instanceof Error ? error.message : String(error),
      failed: true,
    }),
};

export async function copy(text: string, what: string) {
  try {
    await navigator.clipboard.writeText(text);
    toast.done(`${what} copied`);
  } catch {
    toast.failed('The browser did not allow it. Select the text and copy it by hand.', 'Not copied');
  }
}
