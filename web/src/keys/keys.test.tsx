import { afterEach, expect, it } from 'vitest';
import { render } from '@/test/render';
import { press, useKeys } from './keys';

const done: string[] = [];
afterEach(() => {
  done.length = 0;
  document.body.innerHTML = '';
});

function Layer({ name, keys }: { name: string; keys: string[] }) {
  useKeys(Object.fromEntries(keys.map((key) => [key, () => done.push(`${name} ${key}`)])));
  return null;
}

const hit = (key: string, target: Element = document.body) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true });
  Object.defineProperty(event, 'target', { value: target });
  return press(event);
};

it('lets the innermost layer win, and the outer one again when it is gone', () => {
  const outer = render(<Layer name="outer" keys={['j', 'g o']} />);
  const inner = render(<Layer name="inner" keys={['j']} />);
  hit('j');
  inner.unmount();
  hit('j');
  hit('g');
  hit('o');
  outer.unmount();
  hit('j');
  expect(done).toEqual(['inner j', 'outer j', 'outer g o']);
});

it('lets what is inside win also when all appears at once', () => {
  function Around({ children }: { children: React.ReactNode }) {
    useKeys({ j: () => done.push('around j'), k: () => done.push('around k') });
    return children;
  }
  const page = render(
    <Around>
      <Layer name="inside" keys={['j']} />
    </Around>,
  );
  hit('j');
  hit('k');
  page.unmount();
  expect(done).toEqual(['inside j', 'around k']);
});

it('is silent while somebody types', () => {
  const view = render(<Layer name="page" keys={['x']} />);
  const input = document.createElement('input');
  expect(hit('x', input)).toBe(false);
  expect(hit('x')).toBe(true);
  expect(done).toEqual(['page x']);
  view.unmount();
});
