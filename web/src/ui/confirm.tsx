import { Button, Group, Modal, Text } from '@mantine/core';
import { type ReactNode, useSyncExternalStore } from 'react';

type Question = { title: string; body?: ReactNode; verb: string; danger?: boolean; answer: (yes: boolean) => void };

let question: Question | undefined;
const listeners = new Set<() => void>();
const set = (next?: Question) => {
  question = next;
  for (const listener of listeners) listener();
};

/** Asks before something that cannot be taken back. The button says the verb. */
export function confirm(ask: Omit<Question, 'answer'>): Promise<boolean> {
  question?.answer(false);
  return new Promise((answer) => set({ ...ask, answer }));
}

export function ConfirmHost() {
  const current = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => question,
  );
  const close = (yes: boolean) => {
    current?.answer(yes);
    set(undefined);
  };
  return (
    <Modal
      opened={current !== undefined}
      onClose={() => close(false)}
      title={current?.title}
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {current?.body && (
        <Text size="sm" component="div" mb="md">
          {current.body}
        </Text>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={() => close(false)}>
          Keep as it is
        </Button>
        <Button data-autofocus color={current?.danger ? 'red.8' : undefined} onClick={() => close(true)}>
          {current?.verb}
        </Button>
      </Group>
    </Modal>
  );
}
