import './theme/components.css';
import '@fontsource-variable/inter/wght.css';
import '@fontsource/jetbrains-mono/latin-400.css';
import '@fontsource/jetbrains-mono/latin-700.css';
import './theme/tokens.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, StrictMode, Suspense, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError, setOnUnauthorized } from './api/client';
import { EMBEDDED, PREFIX } from './api/place';
import { installKeys } from './keys/keys';
import { createAppRouter } from './router';
import { schemeManager } from './theme/schemeManager';
import { theme } from './theme/theme';
import { watchFocus } from './ui/focus';
import { toasts } from './ui/toast';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // A refusal stays one; a lost network may come back.
      retry: (failures, error) => !(error instanceof ApiError && error.status > 0 && error.status < 500) && failures < 2,
    },
  },
});
const router = createAppRouter(client);

setOnUnauthorized(() => {
  // The program around knows where one signs in: it sends the browser there when the page is asked for anew.
  if (EMBEDDED) return location.reload();
  if (location.pathname === `${PREFIX}/signin`) return;
  client.removeQueries({ queryKey: ['session'] });
  router.navigate({ to: '/signin', search: { to: location.pathname.slice(PREFIX.length) + location.search } });
});
installKeys();
watchFocus();

const ToastHost = lazy(() => import('./ui/ToastHost'));
function Toasts() {
  return (
    useSyncExternalStore(toasts.subscribe, toasts.waiting) && (
      <Suspense>
        <ToastHost />
      </Suspense>
    )
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemeManager}>
      <QueryClientProvider client={client}>
        <Toasts />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
