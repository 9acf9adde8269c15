import { useEffect, useRef } from 'react';

export type Verb = { label: string; run: () => void };

const sources = new Set<() => Verb[]>();

/** What can be done to what is selected: pages offer it, the palette lists it. */
export const paletteVerbs = { all: () => [...sources].flatMap((source) => source()) };

export function usePaletteVerbs(verbs: Verb[]) {
  const current = useRef(verbs);
  current.current = verbs;
  useEffect(() => {
    const source = () => current.current;
    sources.add(source);
    return () => {
      sources.delete(source);
    };
  }, []);
}
