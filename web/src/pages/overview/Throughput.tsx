import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import type { SystemEnhanced } from '@/api/types';
import { zoneStore } from '@/time/clock';
import { count, full } from '@/time/format';
import { marks } from './scale';
import classes from './Throughput.module.css';

const STATUSES = ['completed', 'failed', 'canceled'] as const;
const [LEFT, BOTTOM, TOP] = [44, 20, 8];

/** What the colours mean, and how many there were of each. */
export function ThroughputLegend({ points }: { points: SystemEnhanced['throughput'] }) {
  return STATUSES.map((status) => (
    <span key={status} className={classes.key}>
      <i style={{ background: `var(--status-${status})` }} />
      {count(points.reduce((sum, point) => sum + point[status], 0))} {status}
    </span>
  ));
}

/** What ended, over time: stacked bars. Drawn by hand, for a chart library would be a third of the first load. */
export function Throughput({ points, days }: { points: SystemEnhanced['throughput']; days?: boolean }) {
  const { ref, width, height } = useElementSize();
  const [at, setAt] = useState<number>();
  const zone = zoneStore.use() === 'utc' ? 'utc' : 'local';
  const clock = (moment: string) => full(Date.parse(moment), zone).slice(days ? 5 : 11, 16);

  const sums = points.map((point) => STATUSES.reduce((sum, status) => sum + point[status], 0));
  const steps = marks(Math.max(0, ...sums));
  const most = steps.at(-1)!;
  const slot = Math.max(0, width - LEFT) / Math.max(1, points.length);
  const y = (value: number) => TOP + (height - TOP - BOTTOM) * (1 - value / most);
  // Room for a time of day, or a day too.
  const every = Math.max(1, Math.ceil((days ? 110 : 70) / Math.max(1, slot)));
  const shown = at === undefined ? undefined : points[at];
  const words = STATUSES.map((status) => `${count(points.reduce((sum, point) => sum + point[status], 0))} ${status}`).join(', ');

  return (
    <div ref={ref} className={classes.chart}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`Jobs that ended over time: ${words}.`}
          onPointerMove={(event) => {
            const i = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / slot);
            setAt(points[i] ? i : undefined);
          }}
          onPointerLeave={() => setAt(undefined)}
        >
          {steps.map((step) => (
            <g key={step}>
              <line x1={LEFT} x2={width} y1={y(step)} y2={y(step)} stroke="var(--line)" />
              <text x={LEFT - 8} y={y(step) + 4} textAnchor="end" className={classes.mark}>
                {count(step)}
              </text>
            </g>
          ))}
          {at !== undefined && <rect x={LEFT + at * slot} y={TOP} width={slot} height={height - TOP - BOTTOM} fill="var(--hover)" />}
          {points.map((point, i) => {
            let below = 0;
            return (
              <g key={point.at}>
                {STATUSES.map((status) => {
                  const value = point[status];
                  if (!value) return null;
                  below += value;
                  const [from, to] = [y(below), y(below - value)];
                  return (
                    <rect
                      key={status}
                      x={LEFT + i * slot + slot * 0.1}
                      width={Math.max(1, slot * 0.8)}
                      y={from}
                      height={Math.max(1, to - from)}
                      fill={`var(--status-${status})`}
                    />
                  );
                })}
                {i % every === 0 && LEFT + (i + 0.5) * slot < width - 16 && (
                  <text x={LEFT + (i + 0.5) * slot} y={height - 4} textAnchor="middle" className={classes.mark}>
                    {clock(point.at)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      )}
      {shown && (
        <div className={classes.tip} style={at! > points.length / 2 ? { left: LEFT + 8 } : { right: 8 }} aria-hidden>
          <strong>{clock(shown.at)}</strong>
          {STATUSES.map((status) => (
            <span key={status} style={{ color: `var(--status-${status})` }}>
              {count(shown[status])} {status}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
