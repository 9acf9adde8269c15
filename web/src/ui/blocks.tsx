import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './blocks.module.css';

/** A page's title with its verbs at the right. */
export function PageHeader({ title, note, children }: { title: ReactNode; note?: ReactNode; children?: ReactNode }) {
  return (
    <header className={classes.header}>
      <div className={classes.title}>
        <h1>{title}</h1>
        {note && <div className="soft">{note}</div>}
      </div>
      <div className={classes.verbs}>{children}</div>
    </header>
  );
}

/** Nothing here: what would be here, and how it comes to be. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <strong>{title}</strong>
      {children && <div className="soft">{children}</div>}
      {action}
    </div>
  );
}

/** Something went wrong: what, and the next step. */
export function ErrorNote({ error, retry, what = 'This could not be loaded.' }: { error: unknown; retry?: () => void; what?: string }) {
  return (
    <div className={classes.error} role="alert">
      <IconAlertTriangle size={18} aria-hidden />
      <div>
        <strong>{what}</strong>
        <div>{error instanceof Error ? error.message : String(error)}</div>
      </div>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Rows that will come, at the height they will have. */
export function SkeletonRows({ rows = 8 }: { rows?: number }) {
  return (
    <div role="status" aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className={classes.skeletonRow}>
          <div className="skeleton" style={{ width: `${30 + ((i * 17) % 50)}%`, height: 10 }} />
        </div>
      ))}
    </div>
  );
}

export function Panel({
  title,
  verbs,
  children,
  pad = true,
}: {
  title?: ReactNode;
  verbs?: ReactNode;
  children: ReactNode;
  pad?: boolean;
}) {
  return (
    <section className={`panel ${classes.panel}`}>
      {title && (
        <div className={classes.panelHead}>
          <h2>{title}</h2>
          <div className={classes.verbs}>{verbs}</div>
        </div>
      )}
      <div className={pad ? classes.pad : undefined}>{children}</div>
    </section>
  );
}

/** Facts in two columns: a word and its value. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
