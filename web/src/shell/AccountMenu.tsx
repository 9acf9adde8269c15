import { Menu, useMantineColorScheme } from '@mantine/core';
import { IconKeyboard, IconLogout } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { api } from '@/api/client';
import { queries } from '@/api/queries';

export default function AccountMenu({ onHelp, children }: { onHelp: () => void; children: ReactElement }) {
  const { data } = useQuery(queries.session());
  const client = useQueryClient();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = async () => {
    await api.delete('/session').catch(() => undefined);
    client.clear();
    navigate({ to: '/signin' });
  };
  return (
    <Menu position="bottom-end" width={220} defaultOpened>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Signed in as {data?.actor}</Menu.Label>
        <Menu.Item leftSection={<IconKeyboard size={15} />} rightSection={<kbd>?</kbd>} onClick={onHelp}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Theme</Menu.Label>
        {(['auto', 'light', 'dark'] as const).map((scheme) => (
          <Menu.Item key={scheme} onClick={() => setColorScheme(scheme)} rightSection={colorScheme === scheme ? '✓' : null}>
            {scheme === 'auto' ? 'System' : scheme === 'light' ? 'Light' : 'Dark'}
          </Menu.Item>
        ))}
        {data?.via === 'session' && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconLogout size={15} />} onClick={signOut}>
              Sign out
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
