import { Link, useRouterState } from '@tanstack/react-router';
import { PAGES } from './pages';

export function Breadcrumb() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [, first, second] = path.split('/');
  const page = PAGES.find((each) => each.to === `/${first ?? ''}`);
  const label = page?.label ?? (first === 'run' ? 'Run' : '');
  return (
    <nav aria-label="Breadcrumb" className="cut" style={{ fontWeight: 500 }}>
      {second && page ? (
        <>
          <Link to={page.to}>{label}</Link> <span className="soft">/</span> <span className="mono">{second.slice(-12)}</span>
        </>
      ) : (
        label
      )}
    </nav>
  );
}
