import { useState } from 'react';
import { CartesianGrid, ReferenceArea, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { JobSummary } from '@/api/types';
import { zoneStore } from '@/time/clock';
import { duration, full } from '@/time/format';

type Point = { x: number; y: number };

/** Each run a dot: when it was accepted and how long it took. */
export default function RunScatter({ jobs, open }: { jobs: JobSummary[]; open: (from: number, to: number) => void }) {
  const utc = zoneStore.use() === 'utc';
  const [brush, setBrush] = useState<[number, number]>();
  const moment = (value: number) => full(value, utc ? 'utc' : 'local');
  const times = jobs.map((job) => Date.parse(job.created_at));
  const span = Math.max(...times) - Math.min(...times);
  // Seconds when all is within minutes, the day when there are several.
  const [from, to] = span < 600_000 ? [11, 19] : span < 86_400_000 ? [11, 16] : [5, 16];
  const axis = { stroke: 'var(--soft)', fontSize: 11, tickLine: false, axisLine: false } as const;
  const points = (status: string): Point[] =>
    jobs.flatMap((job) =>
      job.status === status && job.duration ? [{ x: Date.parse(job.created_at), y: Math.max(job.duration, 0.001) }] : [],
    );
  const place = (state: { activeLabel?: string | number | null }) => (state.activeLabel == null ? undefined : Number(state.activeLabel));
  return (
    <ResponsiveContainer width="100%" height="100%">
      <ScatterChart
        margin={{ top: 4, right: 8, bottom: 0, left: 0 }}
        onMouseDown={(state) => {
          const x = place(state);
          if (x) setBrush([x, x]);
        }}
        onMouseMove={(state) => {
          const x = place(state);
          if (brush && x) setBrush([brush[0], x]);
        }}
        onMouseUp={() => {
          if (brush && brush[0] !== brush[1]) open(Math.min(...brush), Math.max(...brush) + 1);
          setBrush(undefined);
        }}
      >
        <CartesianGrid stroke="var(--line)" />
        <XAxis
          dataKey="x"
          type="number"
          domain={['dataMin', 'dataMax']}
          tickFormatter={(value) => moment(Number(value)).slice(from, to)}
          minTickGap={60}
          {...axis}
        />
        <YAxis
          dataKey="y"
          type="number"
          scale="log"
          domain={['auto', 'auto']}
          tickFormatter={(value) => duration(Number(value))}
          {...axis}
        />
        <Tooltip
          formatter={(value, name) => (name === 'x' ? moment(Number(value)).slice(0, 19) : duration(Number(value)))}
          contentStyle={{ background: 'var(--panel)', border: '1px solid var(--line)', borderRadius: 6 }}
          isAnimationActive={false}
        />
        {['completed', 'failed', 'canceled'].map((status) => (
          <Scatter
            key={status}
            name={status}
            data={points(status)}
            fill={`var(--status-${status})`}
            fillOpacity={0.7}
            isAnimationActive={false}
          />
        ))}
        {brush && <ReferenceArea x1={brush[0]} x2={brush[1]} fill="var(--link)" fillOpacity={0.15} />}
      </ScatterChart>
    </ResponsiveContainer>
  );
}
