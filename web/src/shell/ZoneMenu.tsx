import { Menu } from '@mantine/core';
import type { ReactElement } from 'react';
import { zoneStore } from '@/time/clock';

export default function ZoneMenu({ children }: { children: ReactElement }) {
  return (
    <Menu position="bottom-end" defaultOpened>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Show times</Menu.Label>
        <Menu.Item onClick={() => zoneStore.set('local')}>in local time</Menu.Item>
        <Menu.Item onClick={() => zoneStore.set('utc')}>in UTC</Menu.Item>
        <Menu.Item onClick={() => zoneStore.set('relative')}>as time ago</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
