import { useEffect, useState } from 'react';

const KEPT = 96;

/** How a number went, in evenly spaced points: when there are too many every second one goes, and they stand twice as far apart. */
export class Trend {
  private step: number;
  private at = Number.NEGATIVE_INFINITY;
  points: number[] = [];

  constructor(step = 2000) {
    this.step = step;
  }

  add(value: number, now: number) {
    // Between two points the number stays what it was.
    const due = Math.floor((now - this.at) / this.step);
    if (due > 0 && this.points.length > 0) {
      const last = this.points.at(-1)!;
      for (let i = 1; i < Math.min(due, KEPT); i++) this.points.push(last);
      this.at += due * this.step;
      this.points.push(value);
    } else if (this.points.length === 0) {
      this.at = now;
      this.points.push(value);
    } else this.points[this.points.length - 1] = value;
    while (this.points.length > KEPT) {
      this.points = this.points.filter((_, i) => i % 2 === 0);
      this.step *= 2;
    }
  }
}

/** How a number went while this page was looked at. No question asks for it: the server keeps no such series. */
export function useTrend(value: number | undefined): number[] {
  const [trend] = useState(() => new Trend());
  const [points, setPoints] = useState<number[]>([]);
  useEffect(() => {
    if (value === undefined) return;
    const look = () => {
      trend.add(value, performance.now());
      setPoints([...trend.points]);
    };
    look();
    const timer = setInterval(look, 2000);
    return () => clearInterval(timer);
  }, [trend, value]);
  return points;
}
