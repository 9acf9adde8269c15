import type { LogEntry, LogStream } from '@/api/types';

export type Line = { text: string; at: number; stream: LogStream; seq: number; attempt: number; dropped: number };

const STREAMS: LogStream[] = ['stdout', 'stderr', 'system', 'gap'];

/** A run of lines in columns: a million lines are a handful of arrays, not a million objects. */
class Segment {
  readonly texts: string[] = [];
  readonly ats: number[] = [];
  readonly seqs: number[] = [];
  /** attempt * 4 + stream. */
  readonly metas: number[] = [];
  readonly dropped = new Map<number, number>();
  /** The first line of each stream, if what came before may continue in it. */
  readonly first = new Map<LogStream, number>();
  firstAttempt = 0;
  lastAttempt = 0;

  remove(index: number) {
    for (const column of [this.texts, this.ats, this.seqs, this.metas]) column.splice(index, 1);
    for (const [stream, line] of this.first) if (line > index) this.first.set(stream, line - 1);
    const moved = [...this.dropped].map(([line, bytes]) => [line > index ? line - 1 : line, bytes] as const);
    this.dropped.clear();
    for (const [line, bytes] of moved) this.dropped.set(line, bytes);
  }
}

type Open = { segment: Segment; index: number };

/**
 * The lines of a log, made of entries that hold whole and partial lines of streams that interleave. Grows at the end
 * as output comes and at the front as older pages are loaded; both sides join lines that were cut between pages.
 */
export class LogStore {
  private segments: Segment[] = [];
  private starts: number[] = [];
  private open = new Map<LogStream, Open>();
  /** The highest seq taken at the end; what is not higher is a repeat. */
  lastSeq = 0;
  /** The lowest seq taken at the front. */
  firstSeq = Number.POSITIVE_INFINITY;
  /** Whether the log's first entry is here, so that line numbers are true. */
  headReached = false;
  length = 0;
  startedAt = Number.NaN;

  /** Takes entries at the end; repeats are left out. Answers how many lines it grew by. */
  append(entries: readonly LogEntry[]): number {
    const fresh = entries.filter((entry) => entry.seq > this.lastSeq);
    if (fresh.length === 0) return 0;
    const before = this.length;
    const segment = this.segments.at(-1) ?? this.addSegment(new Segment(), false);
    this.fill(segment, fresh, this.open);
    this.lastSeq = fresh.at(-1)!.seq;
    this.firstSeq = Math.min(this.firstSeq, fresh[0]!.seq);
    this.index();
    return this.length - before;
  }

  /** Takes entries that come before all that is here. Answers how many lines were added above. */
  prepend(entries: readonly LogEntry[]): number {
    const older = entries.filter((entry) => entry.seq < this.firstSeq);
    if (older.length === 0) return 0;
    const before = this.length;
    const open = new Map<LogStream, Open>();
    const segment = new Segment();
    this.fill(segment, older, open);
    this.lastSeq = Math.max(this.lastSeq, older.at(-1)!.seq);
    this.firstSeq = older[0]!.seq;
    for (const [stream, line] of open) this.join(stream, line, segment.lastAttempt);
    this.addSegment(segment, true);
    this.index();
    return this.length - before;
  }

  line(index: number): Line | undefined {
    const at = this.segmentAt(index);
    if (at < 0) return undefined;
    const segment = this.segments[at]!;
    const i = index - this.starts[at]!;
    const meta = segment.metas[i]!;
    return {
      text: segment.texts[i]!,
      at: segment.ats[i]!,
      seq: segment.seqs[i]!,
      stream: STREAMS[meta % 4]!,
      attempt: Math.floor(meta / 4),
      dropped: segment.dropped.get(i) ?? 0,
    };
  }

  /** Calls with each line's text and stream in a range; far cheaper than asking for lines one by one. */
  scan(from: number, to: number, take: (index: number, text: string, stream: LogStream) => void) {
    for (let s = 0; s < this.segments.length; s++) {
      const { texts, metas } = this.segments[s]!;
      const start = this.starts[s]!;
      const end = Math.min(to, start + texts.length);
      for (let i = Math.max(from, start); i < end; i++) take(i, texts[i - start]!, STREAMS[metas[i - start]! % 4]!);
    }
  }

  /** The bare text of a range, one line each. */
  text(from: number, to: number): string {
    const lines: string[] = [];
    this.scan(from, to, (_, text) => lines.push(text));
    return lines.join('\n');
  }

  private fill(segment: Segment, entries: readonly LogEntry[], open: Map<LogStream, Open>) {
    for (const entry of entries) {
      const at = Date.parse(entry.at);
      if (Number.isNaN(this.startedAt) || at < this.startedAt) this.startedAt = at;
      if (segment.firstAttempt === 0) segment.firstAttempt = entry.attempt;
      if (entry.attempt !== segment.lastAttempt) {
        if (segment.lastAttempt !== 0) open.clear();
        segment.lastAttempt = entry.attempt;
      }
      if (entry.stream === 'gap') {
        open.clear();
        segment.dropped.set(segment.texts.length, entry.dropped_bytes ?? 0);
        this.push(segment, '', at, entry);
        continue;
      }
      this.split(segment, entry, at, open);
    }
  }

  private split(segment: Segment, entry: LogEntry, at: number, open: Map<LogStream, Open>) {
    const text = entry.text ?? '';
    const stream = entry.stream;
    let from = 0;
    while (from < text.length) {
      const end = text.indexOf('\n', from);
      const piece = text.slice(from, end < 0 ? text.length : end);
      const line = open.get(stream);
      if (line) line.segment.texts[line.index] += piece;
      else {
        if (!segment.first.has(stream) && entry.attempt === segment.firstAttempt) segment.first.set(stream, segment.texts.length);
        open.set(stream, { segment, index: segment.texts.length });
        this.push(segment, piece, at, entry);
      }
      if (end < 0) return;
      this.close(open.get(stream)!);
      open.delete(stream);
      from = end + 1;
    }
  }

  private close(line: Open) {
    const text = line.segment.texts[line.index]!;
    if (text.endsWith('\r')) line.segment.texts[line.index] = text.slice(0, -1);
  }

  private push(segment: Segment, text: string, at: number, entry: LogEntry) {
    segment.texts.push(text);
    segment.ats.push(at);
    segment.seqs.push(entry.seq);
    segment.metas.push(entry.attempt * 4 + STREAMS.indexOf(entry.stream));
  }

  // A line that an older page leaves open goes on in the first line of its stream that comes after.
  private join(stream: LogStream, line: Open, attempt: number) {
    for (const next of this.segments) {
      if (next.firstAttempt !== attempt) return;
      const index = next.first.get(stream);
      if (index === undefined) {
        if (next.lastAttempt !== attempt || [...next.dropped].length > 0) return;
        continue;
      }
      if ([...next.dropped.keys()].some((gap) => gap < index)) return;
      line.segment.texts[line.index] += next.texts[index]!;
      const live = this.open.get(stream);
      next.remove(index);
      next.first.delete(stream);
      for (const other of this.open.values()) if (other !== live && other.segment === next && other.index > index) other.index--;
      if (live?.segment === next) {
        if (live.index === index) this.open.set(stream, line);
        else if (live.index > index) live.index--;
      }
      return;
    }
    if (!this.open.has(stream)) this.open.set(stream, line);
  }

  private addSegment(segment: Segment, front: boolean): Segment {
    if (front) this.segments.unshift(segment);
    else this.segments.push(segment);
    return segment;
  }

  private index() {
    let total = 0;
    this.starts = this.segments.map((segment) => {
      const start = total;
      total += segment.texts.length;
      return start;
    });
    this.length = total;
  }

  private segmentAt(index: number): number {
    if (index < 0 || index >= this.length) return -1;
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
