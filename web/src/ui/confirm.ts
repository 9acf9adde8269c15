import type { ReactNode } from 'react';

type Question = { title: string; body?: ReactNode; verb: string; danger?: boolean; answer: (yes: boolean) => void };

let question: Question | undefined;
const listeners = new Set<() => void>();

/** What is asked now; the dialog (ConfirmHost) shows it and is loaded with the first question. */
export const asked = {
  get: () => question,
  set(next?: Question) {
    question = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

/** Asks before something that cannot be taken back. The button says the verb. */
export function confirm(ask: Omit<Question, 'answer'>): Promise<boolean> {
  question?.answer(false);
  return new Promise((answer) => asked.set({ ...ask, answer }));
}
