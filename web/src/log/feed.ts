import { api } from '@/api/client';
import type { LogEntry, LogPage } from '@/api/types';
import { live } from '@/live/live';
import type { Frame } from '@/live/socket';
import type { LogStore } from './store';

const TAIL = 1000;
const PAGE = 10_000;

export type FeedEvents = { grown: (by: number) => void; raised: (by: number) => void; state: () => void };

/**
 * Fills a store with a job's output: the tail at once, then what comes (from the seq that the tail ends with, so
 * without a gap or a repeat), and what came before page by page until the beginning is here.
 */
export class LogFeed {
  error: unknown;
  loading = true;
  complete = false;
  private readonly abort = new AbortController();
  private unsubscribe?: () => void;
  private waiting: LogEntry[] = [];
  private frame?: ReturnType<typeof setTimeout>;

  constructor(
    private readonly id: string,
    private readonly store: LogStore,
    private readonly events: FeedEvents,
  ) {}

  async start() {
    try {
      const tail = await this.page({ last: true, limit: TAIL });
      this.events.grown(this.store.append(tail.entries));
      this.complete = tail.complete;
      this.loading = false;
      if (!tail.complete) this.unsubscribe = live.subscribe(`logs:${this.id}`, this.take, this.store.lastSeq);
      if (tail.entries.length === 0) this.headReached();
      else await this.loadEarlier();
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.error = error;
      this.loading = false;
    }
    this.events.state();
  }

  stop() {
    this.abort.abort();
    this.unsubscribe?.();
    clearTimeout(this.frame);
  }

  private async loadEarlier() {
    while (!this.abort.signal.aborted && this.store.firstSeq > 1) {
      const page = await this.page({ last: true, before: this.store.firstSeq, limit: PAGE });
      if (page.entries.length === 0) break;
      this.events.raised(this.store.prepend(page.entries));
      // Between pages the reader's own scrolling and typing have their turn.
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.headReached();
  }

  private headReached() {
    this.store.headReached = true;
    this.events.state();
    this.events.raised(0);
  }

  private page(query: Record<string, string | number | boolean>): Promise<LogPage> {
    return api.get<LogPage>(`/jobs/${this.id}/logs`, query, this.abort.signal);
  }

  private take = (frame: Frame) => {
    if (frame.event === 'reset') return void this.catchUp();
    if (frame.event === 'end') {
      this.complete = true;
      this.flush();
      this.unsubscribe?.();
      this.events.state();
      return;
    }
    if (frame.event === 'error') {
      this.error = new Error((frame.data as { detail?: string } | undefined)?.detail ?? 'The server ended the stream.');
      this.events.state();
      return;
    }
    const data = frame.data as LogEntry | { entries: LogEntry[] };
    if (data && 'entries' in data) this.waiting.push(...data.entries);
    else if (frame.event !== 'subscribed' && data?.seq !== undefined) this.waiting.push(data);
    this.frame ??= setTimeout(() => this.flush(), 50);
  };

  private flush() {
    clearTimeout(this.frame);
    this.frame = undefined;
    if (this.waiting.length === 0) return;
    const entries = this.waiting;
    this.waiting = [];
    this.events.grown(this.store.append(entries));
  }

  private async catchUp() {
    try {
      for (;;) {
        const page = await this.page({ after: this.store.lastSeq, limit: PAGE });
        this.events.grown(this.store.append(page.entries));
        if (page.entries.length < PAGE || page.complete) return;
      }
    } catch (error) {
      if (!this.abort.signal.aborted) this.error = error;
      this.events.state();
    }
  }
}
