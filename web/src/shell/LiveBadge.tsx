import { UnstyledButton } from '@mantine/core';
import { IconBroadcast, IconCloudOff, IconPlayerPause, IconRefresh } from '@tabler/icons-react';
import { pause, useLiveState } from '@/live/live';

const LOOKS = {
  live: { icon: IconBroadcast, tone: 'completed', hint: 'What you see is what is true now. Click or press p to pause.' },
  paused: { icon: IconPlayerPause, tone: 'retrying', hint: 'Nothing changes while you read. Click or press p to go on.' },
  reconnecting: { icon: IconRefresh, tone: 'retrying', hint: 'The connection was lost. What you see may be old; it catches up by itself.' },
  offline: { icon: IconCloudOff, tone: 'failed', hint: 'This device has no network. What you see may be old.' },
} as const;

export function LiveBadge() {
  const state = useLiveState();
  const { icon: Icon, tone, hint } = LOOKS[state];
  return (
    <UnstyledButton
      className="badge"
      style={{ '--tone': `var(--status-${tone})` } as React.CSSProperties}
      title={hint}
      aria-label={`Updates: ${state}. ${hint}`}
      onClick={() => pause.set(!pause.get())}
      data-testid="live"
      data-state={state}
    >
      <Icon size={13} aria-hidden />
      {state}
    </UnstyledButton>
  );
}
