import { ActionIcon, Button, Loader, useMantineColorScheme } from '@mantine/core';
import { IconMenu2, IconMoon, IconPlayerPlay, IconSearch, IconSun, IconUser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { PREFIX } from '@/api/place';
import { queries } from '@/api/queries';
import { useKeys } from '@/keys/keys';
import { moveRow } from '@/keys/rows';
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
const AccountMenu = lazy(() => import('./AccountMenu'));
const ZoneMenu = lazy(() => import('./ZoneMenu'));
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
    j: () => moveRow(1),
    k: () => moveRow(-1),
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
        <ActionIcon
          onClick={toggleTheme}
          aria-label={dark ? 'Light theme' : 'Dark theme'}
          title={`Theme (t)${colorScheme === 'auto' ? ', follows the system' : ''}`}
        >
          {dark ? <IconSun size={17} /> : <IconMoon size={17} />}
        </ActionIcon>
        <Account onHelp={() => setHelp(true)} />
      </header>
      <main id="main" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<Loader size="sm" m="lg" />}>
          <Outlet />
        </Suspense>
      </main>
      <Suspense>
        {menu && (
          <MenuDrawer
            close={() => setMenu(false)}
            search={() => {
              setMenu(false);
              setPalette(true);
            }}
          >
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
          <img src={`${PREFIX}/favicon.svg`} width={22} height={22} alt="" />
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

/** Buttons whose menus are loaded with the first press: the menus' machinery is a tenth of the first load. */
function ZoneSwitch() {
  const zone = zoneStore.use();
  const [opened, setOpened] = useState(false);
  const button = (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      className={classes.zone}
      aria-label={`Times: ${zone}`}
      aria-haspopup="menu"
      onClick={opened ? undefined : () => setOpened(true)}
    >
      {zone === 'utc' ? 'UTC' : zone}
    </Button>
  );
  return opened ? (
    <Suspense fallback={button}>
      <ZoneMenu>{button}</ZoneMenu>
    </Suspense>
  ) : (
    button
  );
}

function Account({ onHelp }: { onHelp: () => void }) {
  const [opened, setOpened] = useState(false);
  const button = (
    <ActionIcon aria-label="Account and help" aria-haspopup="menu" onClick={opened ? undefined : () => setOpened(true)}>
      <IconUser size={17} />
    </ActionIcon>
  );
  return opened ? (
    <Suspense fallback={button}>
      <AccountMenu onHelp={onHelp}>{button}</AccountMenu>
    </Suspense>
  ) : (
    button
  );
}
