import type { Query, QueryClient } from '@tanstack/react-query';
import { apply, type Changes, noChanges } from './patch';

/** No answer is older than this: the server ends a request long before. */
const KEPT_MS = 60_000;

/**
 * An answer may be older than an event that arrived while it was on its way; drawn as it is, it would show a job as running that has ended.
 * So what was told since a question was asked is applied to its answer once more.
 */
export class LateAnswers {
  private readonly told: { at: number; changes: Changes }[] = [];
  private readonly asked = new WeakMap<Query, number>();

  constructor(
    private readonly client: QueryClient,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Begins to look at answers; the result ends it. */
  watch(): () => void {
    return this.client.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || !isOfJobs(event.query.queryKey)) return;
      const { action, query } = event;
      if (action.type === 'fetch') this.asked.set(query, this.now());
      else if (action.type === 'success' && !action.manual) this.mend(query);
    });
  }

  /** Keeps what was just shown, for the answers that are still to come. */
  keep(changes: Changes) {
    const now = this.now();
    while (this.told[0] && this.told[0].at < now - KEPT_MS) this.told.shift();
    if (changes.changed.size + changes.deleted.size > 0) this.told.push({ at: now, changes });
  }

  private mend(query: Query) {
    const asked = this.asked.get(query) ?? 0;
    const since = noChanges();
    for (const { at, changes } of this.told) {
      if (at < asked) continue;
      for (const [id, job] of changes.changed) since.changed.set(id, job);
      for (const id of changes.deleted) since.deleted.add(id);
    }
    if (since.changed.size + since.deleted.size > 0) apply(this.client, since, query);
  }
}

const isOfJobs = ([kind, part]: readonly unknown[]) => kind === 'job' || (kind === 'jobs' && (part === 'list' || part === 'recent'));
