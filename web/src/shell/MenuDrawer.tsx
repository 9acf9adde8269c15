import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';

/** The pages on a phone. */
export default function MenuDrawer({ close, children }: { close: () => void; children: ReactNode }) {
  return (
    <Drawer opened onClose={close} size={240} title="Drover" closeButtonProps={{ 'aria-label': 'Close the menu' }}>
      {children}
    </Drawer>
  );
}
