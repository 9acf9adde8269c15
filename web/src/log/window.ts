import { PLAIN, type Style } from './ansi';
import { drawRow, type RowLook, stateBefore } from './row';
import type { LogStore } from './store';

/** Chromium's tallest element is some 33 million pixels; far below it, and beyond this many lines one looks at a part. */
export const PART = 500_000;

/** How many parts there are: the last one has half a part to one and a half, so that the end never stands alone. */
export const partsOf = (count: number) => Math.max(1, Math.ceil((count - PART / 2) / PART));

/** How many rows a part has. */
export const rowsOf = (part: number, count: number) => Math.max(0, part < partsOf(count) - 1 ? PART : count - part * PART);

/**
 * Shows the rows that are in sight and no others, without React: a million lines are sixty elements. The lines shown
 * are all, or those of `view` (filtered). Follows the end until the reader scrolls up.
 */
export class LogWindow {
  /** The shown lines' numbers; undefined for all. */
  view: readonly number[] | undefined;
  look: RowLook;
  following = true;
  /** How many rows came since following stopped. */
  unseen = 0;
  part = 0;
  private readonly rows: HTMLElement[] = [];
  private frame = 0;
  private lastTop = 0;
  private rowHeight: number;
  private readonly resize: ResizeObserver;

  constructor(
    private readonly store: LogStore,
    private readonly scroller: HTMLElement,
    private readonly canvas: HTMLElement,
    look: RowLook,
    private readonly changed: () => void,
  ) {
    this.look = look;
    this.rowHeight = matchMedia('(max-width: 767px)').matches ? 16 : 18;
    scroller.addEventListener('scroll', this.onScroll, { passive: true });
    scroller.addEventListener('wheel', this.onWheel, { passive: true });
    this.resize = new ResizeObserver(() => this.update());
    this.resize.observe(scroller);
  }

  dispose() {
    this.resize.disconnect();
    this.scroller.removeEventListener('scroll', this.onScroll);
    this.scroller.removeEventListener('wheel', this.onWheel);
    cancelAnimationFrame(this.frame);
    this.canvas.replaceChildren();
  }

  get count() {
    return this.view ? this.view.length : this.store.length;
  }

  get parts() {
    return partsOf(this.count);
  }

  /** Lines came at the end, or a line changed. */
  grown(by: number) {
    if (this.following) this.part = this.parts - 1;
    else if (by > 0) {
      this.unseen += by;
      this.keepInPart();
      this.changed();
    }
    this.update();
  }

  // The last part was split while somebody read its end.
  private keepInPart() {
    const below = Math.floor(this.scroller.scrollTop / this.rowHeight) - PART;
    if (below < 0 || this.part >= this.parts - 1) return;
    this.part++;
    this.setTop(below * this.rowHeight);
  }

  /** Lines came above: what is in sight stays where it is. */
  raised(by: number) {
    if (!this.following && !this.view) {
      const top = this.part * PART + this.scroller.scrollTop / this.rowHeight + by;
      this.part = Math.min(this.parts - 1, Math.floor(top / PART));
      this.draw();
      this.setTop((top - this.part * PART) * this.rowHeight);
    }
    if (this.following) this.part = this.parts - 1;
    this.update();
  }

  follow(on: boolean) {
    this.following = on;
    if (on) {
      this.unseen = 0;
      this.part = this.parts - 1;
    }
    this.update();
    this.changed();
  }

  /** Shows a row in the middle of the window. */
  reveal(row: number) {
    this.following = false;
    this.part = Math.min(this.parts - 1, Math.floor(row / PART));
    this.size();
    this.setTop((row - this.part * PART) * this.rowHeight - this.scroller.clientHeight / 2);
    this.update();
    this.changed();
  }

  /** The row of a line of the log; the nearest below when it is not shown. */
  rowOf(line: number): number {
    if (!this.view) return line;
    let [low, high] = [0, this.view.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.view[middle]! < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  lineOf(row: number): number {
    return this.view ? (this.view[row] ?? -1) : row;
  }

  /** The first line in sight. */
  get topLine(): number {
    return this.lineOf(this.part * PART + Math.floor(this.scroller.scrollTop / this.rowHeight));
  }

  showPart(part: number) {
    this.following = false;
    this.part = Math.max(0, Math.min(this.parts - 1, part));
    this.setTop(0);
    this.update();
    this.changed();
  }

  update() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw() {
    this.part = Math.min(this.part, this.parts - 1);
    const rows = this.size();
    if (this.following) this.setTop(this.scroller.scrollHeight);
    // The browser lowers scrollTop to a shorter canvas only with its next layout.
    const first = Math.max(0, Math.min(rows - 1, Math.floor(this.scroller.scrollTop / this.rowHeight)) - 8);
    const last = Math.min(rows, first + Math.ceil(this.scroller.clientHeight / this.rowHeight) + 16);
    const offset = this.part * PART;
    while (this.rows.length < last - first) this.rows.push(this.canvas.appendChild(document.createElement('div')));
    while (this.rows.length > last - first) this.rows.pop()!.remove();

    const states = new Map<string, Style>();
    let previous = -2;
    for (let i = first; i < last; i++) {
      const index = this.lineOf(offset + i);
      const line = this.store.line(index);
      const row = this.rows[i - first]!;
      if (!line) continue;
      if (index !== previous + 1) states.clear();
      previous = index;
      const state = states.get(line.stream) ?? (line.stream === 'gap' ? PLAIN : stateBefore(this.store, index));
      states.set(line.stream, drawRow(row, this.store, index, line, state, this.look));
      row.style.transform = `translateY(${i * this.rowHeight}px)`;
    }
  }

  private size(): number {
    const rows = rowsOf(this.part, this.count);
    this.canvas.style.height = `${rows * this.rowHeight}px`;
    return rows;
  }

  private setTop(top: number) {
    this.scroller.scrollTop = top;
    this.lastTop = this.scroller.scrollTop;
  }

  private onWheel = (event: WheelEvent) => {
    if (event.deltaY < 0 && this.following && this.scroller.scrollTop > 0) this.follow(false);
  };

  private onScroll = () => {
    const top = this.scroller.scrollTop;
    const atEnd = top + this.scroller.clientHeight >= this.scroller.scrollHeight - 2 && this.part === this.parts - 1;
    if (this.following && top < this.lastTop - 2 && !atEnd) this.follow(false);
    else if (!this.following && atEnd && top > this.lastTop) this.follow(true);
    this.lastTop = top;
    this.update();
  };
}
