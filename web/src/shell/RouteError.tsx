import { Link } from '@tanstack/react-router';
import { Empty, ErrorNote } from '@/ui/blocks';

export function NotFound() {
  return (
    <main id="main">
      <Empty title="There is no such page">
        The link may be old. <Link to="/">Go to the overview</Link>
      </Empty>
    </main>
  );
}

export function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  return <ErrorNote error={error} what="The page could not be shown." retry={reset} />;
}
