import '@mantine/notifications/styles.css';
import { Notifications, notifications } from '@mantine/notifications';
import { useEffect } from 'react';
import { toasts } from './toast';

export default function ToastHost() {
  useEffect(() => {
    toasts.take(({ message, title, failed }) =>
      notifications.show({
        message,
        title,
        color: failed ? 'red' : 'accent',
        autoClose: failed ? 10_000 : 4000,
        closeButtonProps: { 'aria-label': 'Close' },
        styles: { description: { color: 'var(--text)', overflowWrap: 'anywhere' } },
      }),
    );
  }, []);
  // Above the bar of verbs that lists and phones have at the bottom.
  return <Notifications position="bottom-right" limit={4} styles={{ root: { marginBottom: 52 } }} />;
}
