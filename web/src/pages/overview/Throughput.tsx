import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { SystemEnhanced } from '@/api/types';
import { zoneStore } from '@/time/clock';
import { full } from '@/time/format';

/** What ended, over time. */
export default function Throughput({ points }: { points: SystemEnhanced['throughput'] }) {
  const utc = zoneStore.use() === 'utc';
  const clock = (at: string) => full(Date.parse(at), utc ? 'utc' : 'local').slice(11, 16);
  const axis = { stroke: 'var(--soft)', fontSize: 11, tickLine: false, axisLine: false } as const;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={points} margin={{ top: 4, right: 4, bottom: 0, left: -20 }} accessibilityLayer>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="at" tickFormatter={clock} minTickGap={48} {...axis} />
        <YAxis allowDecimals={false} {...axis} />
        <Tooltip
          labelFormatter={(at) => clock(String(at))}
          cursor={{ fill: 'var(--hover)' }}
          contentStyle={{ background: 'var(--panel)', border: '1px solid var(--line)', borderRadius: 6, color: 'var(--text)' }}
          isAnimationActive={false}
        />
        {(['completed', 'failed', 'canceled'] as const).map((status) => (
          <Bar key={status} dataKey={status} stackId="all" fill={`var(--status-${status})`} isAnimationActive={false} />
        ))}
      </BarChart>
    </ResponsiveContainer>
  );
}
