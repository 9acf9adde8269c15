import { useState } from 'react';
import {
  CartesianGrid,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  usePlotArea,
  useXAxisInverseScale,
  XAxis,
  YAxis,
} from 'recharts';
import type { JobStatus, JobSummary } from '@/api/types';
import { zoneStore } from '@/time/clock';
import { count, duration, full } from '@/time/format';

type Point = { x: number; y: number; id: string; name: string; status: JobStatus };
type Props = { jobs: JobSummary[]; open: (from: number, to: number) => void; openJob: (id: string) => void };

/** Each run a dot: when it was accepted and how long it took. */
export default function RunScatter({ jobs, open, openJob }: Props) {
  const utc = zoneStore.use() === 'utc';
  const moment = (value: number) => full(value, utc ? 'utc' : 'local');
  const times = jobs.map((job) => Date.parse(job.created_at));
  const span = Math.max(...times) - Math.min(...times);
  // Seconds when all is within minutes, the day when there are several.
  const [from, to] = span < 600_000 ? [11, 19] : span < 86_400_000 ? [11, 16] : [5, 16];
  const axis = { stroke: 'var(--soft)', fontSize: 11, tickLine: false, axisLine: false } as const;
  const points = (status: string): Point[] =>
    jobs.flatMap((job) =>
      job.status === status && job.duration
        ? [{ x: Date.parse(job.created_at), y: Math.max(job.duration, 0.001), id: job.id, name: job.name ?? job.preview, status }]
        : [],
    ) as Point[];
  return (
    <div role="img" aria-label={`Durations of ${count(jobs.length)} jobs over time`} style={{ height: '100%', userSelect: 'none' }}>
      <ResponsiveContainer width="100%" height="100%">
        <ScatterChart margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
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
          <Tooltip cursor={false} isAnimationActive={false} content={<Tip moment={moment} />} />
          <Brush open={open} />
          {['completed', 'failed', 'canceled'].map((status) => (
            <Scatter
              key={status}
              name={status}
              data={points(status)}
              fill={`var(--status-${status})`}
              fillOpacity={0.7}
              isAnimationActive={false}
              cursor="pointer"
              onClick={(point) => openJob((point.payload as Point).id)}
            />
          ))}
        </ScatterChart>
      </ResponsiveContainer>
    </div>
  );
}

/** The run under the pointer. Its payload is handed in by the chart. */
function Tip({ payload, moment }: { payload?: { payload?: Point }[]; moment: (value: number) => string }) {
  const point = payload?.[0]?.payload;
  if (!point) return null;
  return (
    <div className="panel" style={{ padding: '6px 10px', fontSize: 12, maxWidth: 360 }}>
      <div className="mono cut">{point.name}</div>
      <div>
        <span style={{ color: `var(--status-${point.status})` }}>{point.status}</span> in {duration(point.y)}
      </div>
      <div className="soft">{moment(point.x).slice(0, 19)}</div>
    </div>
  );
}

/** The plot behind the dots: a stretch that is dragged over is opened. */
function Brush({ open }: { open: Props['open'] }) {
  const area = usePlotArea();
  const timeAt = useXAxisInverseScale();
  const [drag, setDrag] = useState<[number, number]>();
  if (!area || !timeAt) return null;
  const place = (event: React.PointerEvent<SVGElement>) => {
    const left = event.currentTarget.ownerSVGElement?.getBoundingClientRect().left ?? 0;
    return Math.max(area.x, Math.min(area.x + area.width, event.clientX - left));
  };
  const end = () => {
    setDrag(undefined);
    if (!drag || Math.abs(drag[1] - drag[0]) < 4) return;
    const [from, to] = [Math.min(...drag), Math.max(...drag)].map((x) => Number(timeAt(x))) as [number, number];
    open(Math.floor(from), Math.ceil(to) + 1);
  };
  return (
    <>
      <rect
        {...area}
        fill="transparent"
        cursor="crosshair"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([place(event), place(event)]);
        }}
        onPointerMove={(event) => drag && setDrag([drag[0], place(event)])}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
      />
      {drag && (
        <rect
          x={Math.min(...drag)}
          width={Math.abs(drag[1] - drag[0])}
          y={area.y}
          height={area.height}
          fill="var(--link)"
          fillOpacity={0.15}
          pointerEvents="none"
        />
      )}
    </>
  );
}
