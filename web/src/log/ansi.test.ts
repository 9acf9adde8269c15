import { describe, expect, it } from 'vitest';
import { paletteColour, parse, readable, strip } from './ansi';

const ESC = '\x1b';

describe('parse', () => {
  it('carries colours from line to line until they are reset', () => {
    const first = parse(`${ESC}[31mred`);
    expect(first.spans).toEqual([{ text: 'red', style: { fg: 1 } }]);
    const second = parse(`still${ESC}[0m plain`, first.end);
    expect(second.spans.map((span) => span.style.fg)).toEqual([1, undefined]);
  });

  it('knows bright, 256 and true colours', () => {
    expect(parse(`${ESC}[91ma`).spans[0]!.style.fg).toBe(9);
    expect(parse(`${ESC}[38;5;208ma`).spans[0]!.style.fg).toBe(208);
    expect(parse(`${ESC}[48;2;1;2;255ma`).spans[0]!.style.bg).toBe('#0102ff');
    expect(parse(`${ESC}[38;5;208;1ma`).spans[0]!.style).toEqual({ fg: 208, bold: true });
  });

  it('shows only the last state of a progress bar', () => {
    expect(parse('10%\r50%\r100%').spans).toEqual([{ text: '100%', style: {} }]);
    expect(parse('100%\r').spans[0]!.text).toBe('100%');
  });

  it('links only to the web and to mail', () => {
    const link = parse(`${ESC}]8;;https://example.com${ESC}\\here${ESC}]8;;${ESC}\\ end`).spans;
    expect(link).toMatchObject([{ text: 'here', style: { href: 'https://example.com' } }, { text: ' end' }]);
    expect(link[1]!.style.href).toBeUndefined();
    expect(parse(`${ESC}]8;;javascript:alert(1)\x07x`).spans[0]!.style.href).toBeUndefined();
  });

  it('drops what it does not show', () => {
    expect(
      parse(`a${ESC}[2Jb${ESC}(Bc\x00d\te`)
        .spans.map((span) => span.text)
        .join(''),
    ).toBe('abcd\te');
  });
});

describe('strip', () => {
  it('agrees with what is shown', () => {
    for (const text of [`${ESC}[1;32mok${ESC}[m done`, 'a\rb', `x${ESC}]0;title\x07y`, 'plain', '50%\r']) {
      expect(strip(text)).toBe(
        parse(text)
          .spans.map((span) => span.text)
          .join(''),
      );
    }
  });
});

it('turns palette numbers into colours', () => {
  expect([16, 231, 196, 232, 255].map(paletteColour)).toEqual(['#000000', '#ffffff', '#ff0000', '#080808', '#eeeeee']);
});

it('darkens light colours on a light page and lightens dark ones on a dark page', () => {
  expect(readable('#ffff00', false)).not.toBe('rgb(255 255 0)');
  expect(readable('#ffff00', true)).toBe('rgb(255 255 0)');
  expect(readable('#000080', true)).not.toBe('rgb(0 0 128)');
});
