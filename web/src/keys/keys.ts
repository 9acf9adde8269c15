import { useEffect, useRef, useState } from 'react';

/** What a key does. Names are written as people read them: `j`, `⇧x` is `X`, `g o` is two keys one after the other. */
export type Bindings = Record<string, (event: KeyboardEvent) => void>;

type Layer = { order: number; bindings: () => Bindings };

const layers: Layer[] = [];
const SEQUENCE_MS = 900;
let pending = '';
let pendingAt = 0;
let renders = 0;

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type)
  );
}

/** Handles a key press: the innermost layer that knows it wins. Answers whether one did. */
export function press(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return false;
  if (document.querySelector('[aria-modal="true"]') && !(event.target as HTMLElement).closest?.('[data-keys]')) return false;
  const key = event.key;
  const sequence = pending && event.timeStamp - pendingAt < SEQUENCE_MS ? `${pending} ${key}` : '';
  pending = '';
  for (const name of sequence ? [sequence, key] : [key]) {
    for (const layer of layers.toReversed()) {
      const bindings = layer.bindings();
      const action = bindings[name];
      if (action) {
        // A key on a focused button or link is that element's, not ours.
        if ((key === 'Enter' || key === ' ') && (event.target as HTMLElement).closest?.('a,button,[role="tab"],[role="option"]'))
          return false;
        event.preventDefault();
        action(event);
        return true;
      }
    }
  }
  if (layers.some((layer) => Object.keys(layer.bindings()).some((name) => name.startsWith(`${key} `)))) {
    pending = key;
    pendingAt = event.timeStamp;
  }
  return false;
}

/** Binds keys while a component is shown. Never while somebody types. */
export function useKeys(bindings: Bindings) {
  const current = useRef(bindings);
  current.current = bindings;
  // What is inside is rendered later than what is around it, but its effects run first when both appear at once.
  const [order] = useState(() => ++renders);
  useEffect(() => {
    const layer: Layer = { order, bindings: () => current.current };
    layers.push(layer);
    layers.sort((a, b) => a.order - b.order);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, [order]);
}

export function installKeys() {
  window.addEventListener('keydown', press);
}
