import { Button, Group, Modal, Text } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { asked } from './confirm';

export default function ConfirmHost() {
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
