import type { CDPSession, Page } from '@playwright/test';

export type Smoothness = { frames: number; worst: number; p99: number; over50: number; longTasks: number; longest: number };

/** Begins to note every frame and every task of more than 50 ms in the page. */
export async function watch(page: Page) {
  await page.evaluate(() => {
    const seen = { gaps: [] as number[], long: [] as number[], on: true };
    (window as unknown as { seen: typeof seen }).seen = seen;
    new PerformanceObserver((list) => {
      if (seen.on) for (const entry of list.getEntries()) seen.long.push(entry.duration);
    }).observe({ type: 'longtask' });
    let last = performance.now();
    const frame = () => {
      const now = performance.now();
      seen.gaps.push(now - last);
      last = now;
      if (seen.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** What was noted since. */
export function smoothness(page: Page): Promise<Smoothness> {
  return page.evaluate(() => {
    const { seen } = window as unknown as { seen: { gaps: number[]; long: number[]; on: boolean } };
    seen.on = false;
    const sorted = seen.gaps.toSorted((a, b) => a - b);
    return {
      frames: sorted.length,
      worst: Math.round(sorted.at(-1) ?? 0),
      p99: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
      over50: sorted.filter((gap) => gap > 50).length,
      longTasks: seen.long.length,
      longest: Math.round(Math.max(0, ...seen.long)),
    };
  });
}

/** Bytes in use and nodes alive after a collection; seconds that the page's one thread was busy so far. */
export async function footprint(session: CDPSession) {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
  return { megabytes: value('JSHeapUsedSize') / 1e6, nodes: value('Nodes'), busy: value('TaskDuration') };
}

/** Milliseconds in the page from now until `ready` holds there, seen at a frame. */
export async function until(page: Page, act: () => Promise<unknown>, ready: string): Promise<number> {
  const begun = page.evaluate((text) => {
    const holds = new Function(`return (${text})`) as () => boolean;
    return new Promise<number>((done) => {
      let begin = 0;
      for (const kind of ['keydown', 'pointerdown', 'change', 'bench'])
        window.addEventListener(kind, () => (begin ||= performance.now()), { capture: true });
      const look = () => (begin && holds() ? done(performance.now() - begin) : requestAnimationFrame(look));
      look();
    });
  }, ready);
  await act();
  return begun;
}

export const report = (what: string, facts: Record<string, string | number>) =>
  console.log(
    `\n${what}: ${Object.entries(facts)
      .map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`)
      .join(', ')}`,
  );
