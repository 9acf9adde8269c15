import { Button, Drawer, SegmentedControl } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { zoneStore } from '@/time/clock';
import type { Zone } from '@/time/format';
import { useReturnFocus } from '@/ui/focus';

type Props = { close: () => void; search: () => void; children: ReactNode };

/** On a phone: the pages, and what its header has no room for. */
export default function MenuDrawer({ close, search, children }: Props) {
  useReturnFocus();
  return (
    <Drawer opened onClose={close} size={240} title="Drover" closeButtonProps={{ 'aria-label': 'Close the menu' }}>
      <Button variant="default" fullWidth mb="xs" leftSection={<IconSearch size={14} />} onClick={search}>
        Search
      </Button>
      {children}
      <SegmentedControl
        mt="md"
        fullWidth
        aria-label="Show times"
        value={zoneStore.use()}
        onChange={(zone) => zoneStore.set(zone as Zone)}
        data={[
          { value: 'local', label: 'local' },
          { value: 'utc', label: 'UTC' },
          { value: 'relative', label: 'relative' },
        ]}
      />
    </Drawer>
  );
}
