import { Button, Group, Modal, Text } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { asked } from './confirm';
import { useReturnFocus } from './focus';

export default function ConfirmHost() {
  useReturnFocus();
  const current = useSyncExternalStore(asked.subscribe, asked.get);
  const close = (yes: boolean) => {
    current?.answer(yes);
    asked.set(undefined);
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
        {/* A key that was held, or pressed once too often, must not confirm what cannot be taken back. */}
        <Button variant="default" data-autofocus={current?.danger || undefined} onClick={() => close(false)}>
          Keep as it is
        </Button>
        <Button data-autofocus={!current?.danger || undefined} color={current?.danger ? 'red.8' : undefined} onClick={() => close(true)}>
          {current?.verb}
        </Button>
      </Group>
    </Modal>
  );
}
