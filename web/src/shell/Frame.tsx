import { ActionIcon, Button, Loader, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { IconKeyboard, IconLogout, IconMenu2, IconMoon, IconPlayerPlay, IconSearch, IconSun, IconUser } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { api } from '@/api/client';
import { queries } from '@/api/queries';
import { useKeys } from '@/keys/keys';
import { pause } from '@/live/live';
import { useLive } from '@/live/useLive';
import { zoneStore } from '@/time/clock';
import { count } from '@/time/format';
import { asked } from '@/ui/confirm';
import { Breadcrumb } from './Breadcrumb';
import classes from './Frame.module.css';
import { LiveBadge } from './LiveBadge';
import { PAGES } from './pages';
import { runDrawer, useRunDrawer } from './runDrawer';

const ConfirmHost = lazy(() => import('@/ui/ConfirmHost'));
const MenuDrawer = lazy(() => import('./MenuDrawer'));
const Palette = lazy(() => import('./Palette'));
const Help = lazy(() => import('./Help'));
const RunDrawer = lazy(() => import('@/pages/run/RunDrawer'));

export function Frame() {
  useLive();
  const navigate = useNavigate();
  const [menu, setMenu] = useState(false);
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const run = useRunDrawer();
  const asking = useSyncExternalStore(asked.subscribe, asked.get) !== undefined;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = document.documentElement.getAttribute('data-mantine-color-scheme') === 'dark';
  const toggleTheme = () => setColorScheme(dark ? 'light' : 'dark');

  useKeys({
    ...Object.fromEntries(PAGES.map((page) => [`g ${page.key}`, () => navigate({ to: page.to })])),
    '?': () => setHelp(true),
    c: () => runDrawer.open(),
    p: () => pause.set(!pause.get()),
    t: toggleTheme,
  });
  usePaletteKey(() => setPalette((open) => !open));

  return (
    <div className={classes.frame}>
      <a href="#main" className={classes.skip}>
        Skip to content
      </a>
      <aside className={classes.rail}>
        <Rail />
      </aside>
      <header className={classes.header}>
        <ActionIcon className={classes.burger} onClick={() => setMenu(true)} aria-label="Open the menu">
          <IconMenu2 size={18} />
        </ActionIcon>
        <Breadcrumb />
        <span className={classes.space} />
        <Running />
        <LiveBadge />
        <Button
          className={classes.search}
          variant="default"
          color="gray"
          leftSection={<IconSearch size={14} />}
          rightSection={<kbd>⌘K</kbd>}
          onClick={() => setPalette(true)}
        >
          Search
        </Button>
        <Button leftSection={<IconPlayerPlay size={14} />} onClick={() => runDrawer.open()} className={classes.run}>
          Run
        </Button>
        <ZoneSwitch />
        <Tooltip label={`Theme (t)${colorScheme === 'auto' ? ', follows the system' : ''}`}>
          <ActionIcon onClick={toggleTheme} aria-label={dark ? 'Light theme' : 'Dark theme'}>
            {dark ? <IconSun size={17} /> : <IconMoon size={17} />}
          </ActionIcon>
        </Tooltip>
        <Account onHelp={() => setHelp(true)} />
      </header>
      <main id="main" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<Loader size="sm" m="lg" />}>
          <Outlet />
        </Suspense>
      </main>
      <Suspense>
        {menu && (
          <MenuDrawer close={() => setMenu(false)}>
            <Rail wide onGo={() => setMenu(false)} />
          </MenuDrawer>
        )}
        {asking && <ConfirmHost />}
        {palette && <Palette close={() => setPalette(false)} />}
        {help && <Help close={() => setHelp(false)} />}
        {run.opened && <RunDrawer />}
      </Suspense>
    </div>
  );
}

function usePaletteKey(toggle: () => void) {
  const latest = useRef(toggle);
  latest.current = toggle;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k' && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        latest.current();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function Rail({ wide, onGo }: { wide?: boolean; onGo?: () => void }) {
  return (
    <nav aria-label="Pages" className={wide ? classes.wide : undefined}>
      {!wide && (
        <Link to="/" className={classes.brand} aria-label="Drover, overview">
          <img src="/favicon.svg" width={22} height={22} alt="" />
          <span>Drover</span>
        </Link>
      )}
      {PAGES.map(({ to, label, key, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === '/', includeSearch: false }}
          className={classes.item}
          activeProps={{ 'data-active': true, 'aria-current': 'page' }}
          title={`${label} (g ${key})`}
          onClick={onGo}
        >
          <Icon size={17} aria-hidden />
          <span>{label}</span>
        </Link>
      ))}
    </nav>
  );
}

function Running() {
  const { data } = useQuery(queries.counts({}));
  if (!data) return null;
  return (
    <Link to="/jobs" search={{ status: ['running'] }} className={classes.running} title="Jobs that run now">
      <span className={data.running > 0 ? classes.pulse : classes.still} aria-hidden />
      {count(data.running)} running
    </Link>
  );
}

function ZoneSwitch() {
  const zone = zoneStore.use();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-xs" className={classes.zone} aria-label={`Times: ${zone}`}>
          {zone === 'utc' ? 'UTC' : zone}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Show times</Menu.Label>
        <Menu.Item onClick={() => zoneStore.set('local')}>in local time</Menu.Item>
        <Menu.Item onClick={() => zoneStore.set('utc')}>in UTC</Menu.Item>
        <Menu.Item onClick={() => zoneStore.set('relative')}>as time ago</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Account({ onHelp }: { onHelp: () => void }) {
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
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon aria-label="Account and help">
          <IconUser size={17} />
        </ActionIcon>
      </Menu.Target>
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
