import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { ApiError, setCsrfToken } from './api/client';
import { EMBEDDED, PREFIX } from './api/place';
import { queries } from './api/queries';
import { jobsSearch } from './pages/jobs/search';
import { Frame } from './shell/Frame';
import { NotFound, RouteError } from './shell/RouteError';

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: RouteError,
});

const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined);

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (search: Record<string, unknown>): { code?: string; to?: string } => ({ code: text(search.code), to: text(search.to) }),
  component: lazyRouteComponent(() => import('./pages/signin/SignInPage')),
});

const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  beforeLoad: async ({ context, location }) => {
    try {
      const session = await context.client.ensureQueryData(queries.session());
      setCsrfToken(session.csrf_token ?? undefined);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401 && !EMBEDDED) throw redirect({ to: '/signin', search: { to: location.href } });
      throw error;
    }
  },
  component: Frame,
});

const page = <P extends string>(path: P, load: Parameters<typeof lazyRouteComponent>[0]) =>
  createRoute({ getParentRoute: () => frame, path, component: lazyRouteComponent(load as never) as never });

const overview = createRoute({
  getParentRoute: () => frame,
  path: '/',
  validateSearch: (search: Record<string, unknown>): { range?: string } => ({ range: text(search.range) }),
  component: lazyRouteComponent(() => import('./pages/overview/OverviewPage')),
});

const jobs = createRoute({
  getParentRoute: () => frame,
  path: '/jobs',
  validateSearch: jobsSearch,
  component: lazyRouteComponent(() => import('./pages/jobs/JobsPage')),
});

const job = createRoute({
  getParentRoute: () => frame,
  path: '/jobs/$id',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import('./pages/job/JobPage')),
});

const schedules = createRoute({
  getParentRoute: () => frame,
  path: '/schedules',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search.q) }),
  component: lazyRouteComponent(() => import('./pages/schedules/SchedulesPage')),
});

const statistics = createRoute({
  getParentRoute: () => frame,
  path: '/statistics',
  validateSearch: (search: Record<string, unknown>): { by?: string; range?: string } => ({
    by: text(search.by),
    range: text(search.range),
  }),
  component: lazyRouteComponent(() => import('./pages/statistics/StatisticsPage')),
});

const tree = root.addChildren([
  signIn,
  frame.addChildren([
    overview,
    jobs,
    job,
    page('/run', () => import('./pages/run/RunPage')),
    schedules,
    page('/queues', () => import('./pages/queues/QueuesPage')),
    page('/workers', () => import('./pages/workers/WorkersPage')),
    page('/servers', () => import('./pages/servers/ServersPage')),
    page('/keys', () => import('./pages/keys/KeysPage')),
    statistics,
    page('/api', () => import('./pages/api/ApiPage')),
    page('/debug', () => import('./pages/debug/DebugPage')),
  ]),
]);

export const createAppRouter = (client: QueryClient) =>
  createRouter({ routeTree: tree, basepath: PREFIX || '/', context: { client }, defaultPreload: 'intent', scrollRestoration: true });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
