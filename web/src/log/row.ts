import { bytes, full } from '@/time/format';
import { PLAIN, paletteColour, parse, readable, resets, type Style, strip } from './ansi';
import type { Line, LogStore } from './store';

export type Stamps = 'off' | 'clock' | 'since';
export type RowLook = {
  stamps: Stamps;
  utc: boolean;
  dark: boolean;
  query: string;
  current: number;
  selected?: [number, number];
  filtered: boolean;
};

/** Of a longer line only this much is drawn; all of it is copied and downloaded. */
const MAX_DRAWN = 20_000;
/** How far back a colour is looked for that a line above may have left on. */
const LOOK_BACK = 2_000;

/** The state that the lines above leave: back to the last reset, then forward. */
export function stateBefore(store: LogStore, index: number): Style {
  const line = store.line(index);
  if (!line) return PLAIN;
  const coloured: string[] = [];
  const from = Math.max(0, index - LOOK_BACK);
  const above: string[] = [];
  store.scan(from, index, (_, text, stream) => {
    if (stream === line.stream && text.includes('\x1b')) above.push(text);
  });
  for (let i = above.length - 1; i >= 0; i--) {
    coloured.unshift(above[i]!);
    if (resets(above[i]!)) break;
  }
  return coloured.reduce((style, text) => parse(text.slice(0, MAX_DRAWN), style).end, PLAIN);
}

/** Draws a line into an element; answers the state it leaves. */
export function drawRow(row: HTMLElement, store: LogStore, index: number, line: Line, start: Style, look: RowLook): Style {
  row.replaceChildren();
  row.className = `log-row log-${line.stream}`;
  if (look.selected && index >= look.selected[0] && index <= look.selected[1]) row.classList.add('log-chosen');
  if (index === look.current) row.classList.add('log-current');
  row.dataset.index = String(index);

  const number = element('span', 'log-number', '');
  // The number is drawn by CSS, so that copying takes the text alone.
  number.dataset.n = store.headReached ? String(index + 1) : '·';
  row.append(number);
  if (look.stamps !== 'off') row.append(stamp(line, store.startedAt, look));

  if (line.stream === 'gap') {
    row.append(
      element('span', 'log-gap', `${line.dropped ? bytes(line.dropped) : 'Output'} dropped here: the job printed more than is kept`),
    );
    return PLAIN;
  }
  const text = element('span', 'log-text', '');
  const drawn = line.text.length > MAX_DRAWN ? line.text.slice(0, MAX_DRAWN) : line.text;
  const { spans, end } = parse(drawn, start);
  const found = look.query ? marks(spans.map((span) => span.text).join(''), look.query) : [];
  let at = 0;
  for (const span of spans) {
    for (const [piece, marked] of cut(span.text, at, found)) text.append(styled(piece, span.style, look.dark, marked));
    at += span.text.length;
  }
  if (line.text.length > MAX_DRAWN)
    text.append(element('span', 'log-more', ` … ${bytes(line.text.length - MAX_DRAWN)} more on this line; copy or download shows all`));
  row.append(text);
  return end;
}

/** A line's text without colours. */
export const plain = (line: Line) => strip(line.text);

function stamp(line: Line, startedAt: number, look: RowLook): HTMLElement {
  const whole = full(line.at, look.utc ? 'utc' : 'local');
  const shown = look.stamps === 'clock' ? whole.slice(11, 23) : `+${((line.at - startedAt) / 1000).toFixed(3)}`;
  const node = element('span', `log-stamp log-stamp-${look.stamps}`, '');
  node.dataset.at = shown;
  node.title = whole;
  return node;
}

function marks(text: string, query: string): [number, number][] {
  const hay = text.toLowerCase();
  const wanted = query.toLowerCase();
  const found: [number, number][] = [];
  for (let at = hay.indexOf(wanted); at >= 0 && found.length < 500; at = hay.indexOf(wanted, at + wanted.length))
    found.push([at, at + wanted.length]);
  return found;
}

function* cut(text: string, offset: number, found: [number, number][]): Generator<[string, boolean]> {
  let from = 0;
  for (const [begin, end] of found) {
    const [b, e] = [Math.max(begin - offset, 0), Math.min(end - offset, text.length)];
    if (e <= 0 || b >= text.length || e <= b) continue;
    if (b > from) yield [text.slice(from, b), false];
    yield [text.slice(b, e), true];
    from = e;
  }
  if (from < text.length) yield [text.slice(from), false];
}

function styled(text: string, style: Style, dark: boolean, marked: boolean): Node {
  if (style === PLAIN && !marked) return document.createTextNode(text);
  const node = style.href ? link(style.href) : document.createElement(marked ? 'mark' : 'span');
  node.textContent = text;
  if (marked) node.classList.add('log-mark');
  let [fg, bg] = [colour(style.fg, dark), style.bg === undefined ? undefined : colour(style.bg, dark, true)];
  if (style.inverse) [fg, bg] = [bg ?? 'var(--panel)', fg ?? 'var(--text)'];
  const css = node.style;
  if (fg && !marked) css.color = fg;
  if (bg && !marked) css.backgroundColor = bg;
  if (style.bold) css.fontWeight = '700';
  if (style.dim) css.opacity = '0.75';
  if (style.italic) css.fontStyle = 'italic';
  if (style.underline || style.strike)
    css.textDecoration = [style.underline && 'underline', style.strike && 'line-through'].filter(Boolean).join(' ');
  if (style.hidden) css.visibility = 'hidden';
  return node;
}

function colour(value: number | string | undefined, dark: boolean, background = false): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value < 16)
    return background ? `color-mix(in srgb, var(--ansi-${value}) 30%, var(--panel))` : `var(--ansi-${value})`;
  const hex = typeof value === 'number' ? paletteColour(value) : value;
  return background ? `color-mix(in srgb, ${hex} 35%, var(--panel))` : readable(hex, dark);
}

function link(href: string): HTMLAnchorElement {
  const node = document.createElement('a');
  node.href = href;
  node.target = '_blank';
  node.rel = 'noopener noreferrer';
  return node;
}

function element(tag: string, className: string, text: string): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  if (text) node.textContent = text;
  return node;
}
