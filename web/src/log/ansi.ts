/** What a stretch of text looks like. Colours: 0–255 from the palette, or `#rrggbb`. */
export type Style = {
  fg?: number | string;
  bg?: number | string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  strike?: boolean;
  inverse?: boolean;
  hidden?: boolean;
  href?: string;
};

export type Span = { text: string; style: Style };

export const PLAIN: Style = {};

// CSI … final byte; OSC … BEL or ST; other escapes; other control characters but tab and CR.
const CONTROL =
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\|$)|\x1b[PX^_][^\x1b]*(?:\x1b\\|$)|\x1b[ -/]*[0-~]?|\r|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;

/** The text without colours and other control sequences, progress collapsed: what is searched and copied. */
export function strip(text: string): string {
  if (!/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return text;
  let out = '';
  let from = 0;
  let fresh = false;
  CONTROL.lastIndex = 0;
  for (let match = CONTROL.exec(text); match; match = CONTROL.exec(text)) {
    const piece = text.slice(from, match.index);
    if (piece) {
      out = fresh ? piece : out + piece;
      fresh = false;
    }
    if (match[0] === '\r') fresh = true;
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  return rest ? (fresh ? rest : out + rest) : out;
}

/** Parses one line, beginning in the state that the line before left. */
export function parse(text: string, start: Style = PLAIN): { spans: Span[]; end: Style } {
  if (!/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return { spans: text ? [{ text, style: start }] : [], end: start };
  let spans: Span[] = [];
  let style = start;
  let from = 0;
  let fresh = false;
  const add = (piece: string) => {
    if (!piece) return;
    // A carriage return begins the line anew: of a progress bar only its last state is shown.
    if (fresh) spans = [];
    fresh = false;
    const last = spans.at(-1);
    if (last && last.style === style) last.text += piece;
    else spans.push({ text: piece, style });
  };
  CONTROL.lastIndex = 0;
  for (let match = CONTROL.exec(text); match; match = CONTROL.exec(text)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[0] === '\r') fresh = true;
    else if (match[2] === 'm') style = applySgr(style, match[1] ?? '');
    else if (match[2] === 'K' && (match[1] === '2' || match[1] === '1')) spans = [];
    else if (match[3]?.startsWith('8;')) style = { ...style, href: safeLink(match[3].slice(match[3].indexOf(';', 2) + 1)) };
  }
  add(text.slice(from));
  return { spans, end: style };
}

/** Whether a line sets everything back, so that what stands before it does not matter. */
export const resets = (text: string) => /\x1b\[0*m/.test(text);

function safeLink(uri: string): string | undefined {
  return /^(https?:\/\/|mailto:)/i.test(uri) ? uri : undefined;
}

function applySgr(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  let style: Style = { ...before };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 0) style = before.href ? { href: before.href } : {};
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.inverse = true;
    else if (code === 8) style.hidden = true;
    else if (code === 9) style.strike = true;
    else if (code === 22) style.bold = style.dim = undefined;
    else if (code === 23) style.italic = undefined;
    else if (code === 24) style.underline = undefined;
    else if (code === 27) style.inverse = undefined;
    else if (code === 28) style.hidden = undefined;
    else if (code === 29) style.strike = undefined;
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 90 && code <= 97) style.fg = code - 82;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 100 && code <= 107) style.bg = code - 92;
    else if (code === 39) style.fg = undefined;
    else if (code === 49) style.bg = undefined;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, i + 1);
      if (colour !== undefined) style[code === 38 ? 'fg' : 'bg'] = colour;
      i += used;
    }
  }
  return style;
}

function extended(codes: number[], at: number): [number | string | undefined, number] {
  const byte = (value: number | undefined) => Math.min(255, Math.max(0, value ?? 0));
  if (codes[at] === 5) return [byte(codes[at + 1]), 2];
  if (codes[at] !== 2) return [undefined, 0];
  const hex = [1, 2, 3]
    .map((n) =>
      byte(codes[at + n])
        .toString(16)
        .padStart(2, '0'),
    )
    .join('');
  return [`#${hex}`, 4];
}

/** A palette colour beyond the sixteen that the theme defines. */
export function paletteColour(index: number): string {
  if (index >= 232) return grey(8 + (index - 232) * 10);
  const n = index - 16;
  const part = (value: number) => (value === 0 ? 0 : 55 + value * 40).toString(16).padStart(2, '0');
  return `#${part(Math.floor(n / 36))}${part(Math.floor(n / 6) % 6)}${part(n % 6)}`;
}

const grey = (value: number) => `#${value.toString(16).padStart(2, '0').repeat(3)}`;

/** The same hue, dark enough for a light page or light enough for a dark one. */
export function readable(hex: string, dark: boolean): string {
  let [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
  for (let step = 0; step < 12; step++) {
    const light = luminance(r, g, b);
    if (dark ? light >= 0.2 : light <= 0.16) break;
    const mix = (value: number) => Math.round(dark ? value + (255 - value) * 0.15 : value * 0.85);
    [r, g, b] = [mix(r), mix(g), mix(b)];
  }
  return `rgb(${r} ${g} ${b})`;
}

function luminance(r: number, g: number, b: number): number {
  const part = (value: number) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}
