import { useState } from 'react';
import { CartesianGrid, ResponsiveContainer, Scatter, ScatterChart, XAxis, YAxis } from 'recharts';
import type { JobSummary } from '@/api/types';
import { zoneStore } from '@/time/clock';
import { count, duration, full } from '@/time/format';
import { Dots, type Hover } from './Dots';
import { domainsOf, pointsOf } from './points';

type Props = { jobs: JobSummary[]; open: (from: number, to: number) => void; openJob: (id: string) => void };

/** Each run a dot: when it was accepted and how long it took. */
export default function RunScatter({ jobs, open, openJob }: Props) {
  const [hover, setHover] = useState<Hover>();
  const utc = zoneStore.use() === 'utc';
  const moment = (value: number) => full(value, utc ? 'utc' : 'local');
  const points = pointsOf(jobs);
  if (points.length === 0) return null;
  const domains = domainsOf(points);
  const [first, last] = domains.x;
  // Seconds when all is within minutes, the day when there are several.
  const [from, to] = last - first < 600_000 ? [11, 19] : last - first < 86_400_000 ? [11, 16] : [5, 16];
  const axis = { type: 'number', stroke: 'var(--soft)', fontSize: 11, tickLine: false, axisLine: false, allowDataOverflow: true } as const;
  return (
    <div
      role="img"
      aria-label={`Durations of ${count(points.length)} jobs over time`}
      style={{ height: '100%', position: 'relative', userSelect: 'none' }}
    >
      <ResponsiveContainer width="100%" height="100%">
        <ScatterChart margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid stroke="var(--line)" />
          <XAxis
            dataKey="x"
            domain={domains.x}
            tickFormatter={(value) => moment(Number(value)).slice(from, to)}
            minTickGap={60}
            {...axis}
          />
          <YAxis dataKey="y" scale="log" domain={domains.y} tickFormatter={(value) => duration(Number(value))} {...axis} />
          {/* The chart wants something to stretch its axes by; thousands of its symbols would stop the page for seconds. */}
          <Scatter data={[points[0]]} shape={() => <g />} isAnimationActive={false} />
          <Dots points={points} open={open} openJob={openJob} hover={setHover} />
        </ScatterChart>
      </ResponsiveContainer>
      {hover && (
        <div
          className="panel"
          style={{
            position: 'absolute',
            top: hover.top > 130 ? hover.top - 78 : hover.top + 12,
            ...(hover.right ? { right: hover.side } : { left: hover.side }),
            padding: '6px 10px',
            fontSize: 12,
            maxWidth: 320,
            pointerEvents: 'none',
          }}
        >
          <div className="mono cut">{hover.point.name}</div>
          <div>
            <span style={{ color: `var(--status-${hover.point.status})` }}>{hover.point.status}</span> in {duration(hover.point.y)}
          </div>
          <div className="soft">{moment(hover.point.x).slice(0, 19)}</div>
        </div>
      )}
    </div>
  );
}
