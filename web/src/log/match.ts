import { strip } from './ansi';

/** The lines of a piece of a log that contain a text, by their number; small letters find capitals too. */
export function matchingLines(text: string, from: number, query: string): number[] {
  const wanted = query.toLowerCase();
  const plainText = text.includes('\x1b') || text.includes('\r') ? text.split('\n').map(strip).join('\n') : text;
  const hay = plainText.toLowerCase();
  const hits: number[] = [];
  let line = from;
  let counted = 0;
  for (let at = hay.indexOf(wanted); at >= 0; ) {
    line += newlines(hay, counted, at);
    hits.push(line);
    const end = hay.indexOf('\n', at);
    if (end < 0) break;
    counted = end;
    at = hay.indexOf(wanted, end);
  }
  return hits;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
