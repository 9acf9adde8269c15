import type { JobStatus } from '@/api/types';
import { STATUS_ICONS } from '@/theme/status';

export function StatusBadge({ status, canceling }: { status: JobStatus; canceling?: boolean }) {
  const Icon = STATUS_ICONS[status];
  return (
    <span
      className={`badge${status === 'running' ? ' moving' : ''}`}
      style={{ '--tone': `var(--status-${status})` } as React.CSSProperties}
    >
      <Icon size={13} aria-hidden />
      {canceling ? 'canceling' : status}
    </span>
  );
}

/** The same shape for things that are not jobs: paused, draining, reachable. */
export function ToneBadge({
  tone,
  icon: Icon,
  children,
}: {
  tone: JobStatus;
  icon: typeof STATUS_ICONS.failed;
  children: React.ReactNode;
}) {
  return (
    <span className="badge" style={{ '--tone': `var(--status-${tone})` } as React.CSSProperties}>
      <Icon size={13} aria-hidden />
      {children}
    </span>
  );
}
