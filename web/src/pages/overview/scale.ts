/** The marks of an axis of whole numbers from 0: few, round, the last at or above `most`. */
export function marks(most: number, few = 4): number[] {
  const rough = Math.max(1, most / few);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough)!);
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}
