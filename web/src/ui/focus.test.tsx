import { expect, it } from 'vitest';
import { render } from '@/test/render';
import { useReturnFocus, watchFocus } from './focus';

function Dialog() {
  useReturnFocus();
  return (
    <div role="dialog">
      <input id="inside" />
    </div>
  );
}

it('gives the focus back to what had it before the dialog', async () => {
  watchFocus();
  const page = render(<button type="button">open</button>);
  const button = document.querySelector('button')!;
  button.focus();
  const dialog = render(<Dialog />);
  document.querySelector<HTMLElement>('#inside')!.focus();
  dialog.unmount();
  await expect.poll(() => document.activeElement).toBe(button);

  // Whoever has gone on to something else meanwhile stays there.
  const other = render(<input id="other" />);
  const second = render(<Dialog />);
  document.querySelector<HTMLElement>('#other')!.focus();
  second.unmount();
  await new Promise((done) => setTimeout(done));
  expect(document.activeElement?.id).toBe('other');
  other.unmount();
  page.unmount();
});
