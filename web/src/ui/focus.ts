import { useEffect } from 'react';

const PASSING = '[role="dialog"],[role="menu"],[role="listbox"]';
let outside: HTMLElement | undefined;

/** Remembers what has the focus on the page itself, beside dialogs and menus that pass. */
export function watchFocus() {
  window.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && !target.closest(PASSING)) outside = target;
  });
}

/** Gives the focus back to the page when a dialog goes. Ours are taken out whole, so their own way, which waits for the end of a transition, never comes to it. */
export function useReturnFocus() {
  useEffect(
    () => () => {
      setTimeout(() => {
        if (document.activeElement === document.body && !document.querySelector(PASSING)) outside?.focus({ preventScroll: true });
      });
    },
    [],
  );
}
