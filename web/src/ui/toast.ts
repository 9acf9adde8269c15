import { notifications } from '@mantine/notifications';
import { ApiError } from '@/api/client';

export const toast = {
  done: (message: string) => notifications.show({ message, color: 'accent', autoClose: 4000 }),
  failed: (error: unknown, what?: string) =>
    notifications.show({
      title: what,
      message: error instanceof ApiError ? error.details : error instanceof Error ? error.message : String(error),
      color: 'red',
      autoClose: 10_000,
    }),
};

export async function copy(text: string, what: string) {
  try {
    await navigator.clipboard.writeText(text);
    toast.done(`${what} copied`);
  } catch {
    toast.failed('The browser did not allow it. Select the text and copy it by hand.', 'Not copied');
  }
}
