import { describe, expect, it } from 'vitest';
import type { LogEntry } from '@/api/types';
import { LogStore } from './store';

let seq = 0;
const entry = (text: string, stream: LogEntry['stream'] = 'stdout', attempt = 1): LogEntry => ({
  seq: ++seq,
  at: new Date(1_700_000_000_000 + seq).toISOString(),
  attempt,
  stream,
  text,
});
const texts = (store: LogStore) => Array.from({ length: store.length }, (_, i) => store.line(i)!.text);

describe('LogStore', () => {
  it('joins partial lines of streams that interleave', () => {
    const store = new LogStore();
    store.append([entry('out one '), entry('err one\n', 'stderr'), entry('goes on\nout two'), entry(' ends\r\n')]);
    expect(texts(store)).toEqual(['out one goes on', 'err one', 'out two ends']);
    expect(store.line(1)!.stream).toBe('stderr');
  });

  it('leaves repeats out', () => {
    const store = new LogStore();
    const entries = [entry('a\n'), entry('b\n')];
    store.append(entries);
    expect(store.append(entries)).toBe(0);
    expect(texts(store)).toEqual(['a', 'b']);
  });

  it('gives the same lines whichever way pages arrive, wherever they are cut', () => {
    const pieces: LogEntry[] = [];
    for (let i = 0; i < 60; i++)
      pieces.push(entry(['x', 'y\n', 'z\nq', '\n\n'][(i * 7) % 4]!, i % 3 === 0 ? 'stderr' : 'stdout', i < 40 ? 1 : 2));
    const whole = new LogStore();
    whole.append(pieces);
    for (let cut = 1; cut < pieces.length; cut++) {
      for (let older = 1; older < cut; older += 5) {
        const store = new LogStore();
        store.append(pieces.slice(cut));
        store.prepend(pieces.slice(older, cut));
        store.prepend(pieces.slice(0, older));
        expect(texts(store), `cut at ${older} and ${cut}`).toEqual(texts(whole));
      }
    }
  });

  it('continues a line that began in an older page when more output comes', () => {
    const store = new LogStore();
    const [a, b, c] = [entry('begin '), entry('middle '), entry('end\nnext\n')];
    store.append([b!]);
    store.prepend([a!]);
    store.append([c!]);
    expect(texts(store)).toEqual(['begin middle end', 'next']);
  });

  it('marks a gap and joins nothing across it', () => {
    const store = new LogStore();
    store.append([entry('half'), { ...entry('', 'gap'), text: undefined, dropped_bytes: 4096 }, entry('other\n')]);
    expect(texts(store)).toEqual(['half', '', 'other']);
    expect(store.line(1)!.dropped).toBe(4096);
  });

  it('holds a million lines and one of ten megabytes', () => {
    const store = new LogStore();
    for (let i = 0; i < 100; i++) store.append([entry('some line of a log\n'.repeat(10_000))]);
    for (let i = 0; i < 160; i++) store.append([entry('x'.repeat(65_536))]);
    expect(store.length).toBe(1_000_001);
    expect(store.line(1_000_000)!.text.length).toBe(160 * 65_536);
  }, 60_000);
});
