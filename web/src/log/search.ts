import type { SearchAnswer, SearchRequest } from './search.worker';
import type { LogStore } from './store';

const CHUNK = 10_000;

/** Searches a log in a worker, piece by piece, so that neither the page nor a long log waits; goes on as lines come. */
export class LogSearch {
  hits: number[] = [];
  query = '';
  busy = false;
  private worker?: Worker;
  private id = 0;
  private searched = 0;

  constructor(
    private readonly store: LogStore,
    private readonly changed: () => void,
  ) {}

  /** Begins anew; with the same query too, when lines were added above. */
  start(query: string) {
    this.id++;
    this.query = query;
    this.hits = [];
    this.searched = 0;
    this.busy = false;
    if (query) this.more();
    this.changed();
  }

  /** Looks at what came since. The last line may have been partial, so it is looked at again. */
  more() {
    if (!this.query || this.busy || this.searched >= this.store.length) return;
    this.busy = true;
    this.next(Math.max(0, this.searched - 1));
  }

  stop() {
    this.worker?.terminate();
    this.worker = undefined;
  }

  private next(from: number) {
    const to = Math.min(this.store.length, from + CHUNK);
    this.worker ??= this.spawn();
    this.searched = to;
    while (this.hits.length && this.hits.at(-1)! >= from) this.hits.pop();
    this.worker.postMessage({ id: this.id, from, text: this.store.text(from, to), query: this.query } satisfies SearchRequest);
  }

  private spawn(): Worker {
    const worker = new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<SearchAnswer>) => {
      if (data.id !== this.id) return;
      for (const hit of data.hits) this.hits.push(hit);
      if (this.searched < this.store.length) this.next(this.searched);
      else this.busy = false;
      this.changed();
    };
    return worker;
  }
}
