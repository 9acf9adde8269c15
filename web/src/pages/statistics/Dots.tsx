import { useMemo, useState } from 'react';
import { usePlotArea, useXAxisInverseScale, useXAxisScale, useYAxisScale } from 'recharts';
import { nearest, type Point } from './points';

/** The run under the pointer and where to tell of it: so far from the left, or from the right. */
export type Hover = { point: Point; top: number; side: number; right: boolean };

type Props = {
  points: Point[];
  open: (from: number, to: number) => void;
  openJob: (id: string) => void;
  hover: (hover?: Hover) => void;
};

const REACH = 8;

/** All dots as one line of each colour, so that thousands cost nothing; a stretch that is dragged over is opened, and a dot that is clicked. */
export function Dots({ points, open, openJob, hover }: Props) {
  const area = usePlotArea();
  const timeAt = useXAxisInverseScale();
  const [xOf, yOf] = [useXAxisScale(), useYAxisScale()];
  const [drag, setDrag] = useState<[number, number]>();
  const placed = useMemo(
    () => (xOf && yOf ? points.map((point) => ({ point, left: Number(xOf(point.x)), top: Number(yOf(point.y)) })) : []),
    [points, xOf, yOf],
  );
  const lines = useMemo(() => {
    const parts = new Map<string, string[]>();
    for (const { point, left, top } of placed) {
      const list = parts.get(point.status) ?? [];
      parts.set(point.status, list);
      list.push(`M${left.toFixed(1)} ${top.toFixed(1)}h0`);
    }
    return [...parts].map(([status, list]) => ({ status, count: list.length, d: list.join('') }));
  }, [placed]);
  if (!area || !timeAt) return null;

  const at = (event: React.PointerEvent<SVGElement>) => {
    const box = event.currentTarget.ownerSVGElement!.getBoundingClientRect();
    return { left: event.clientX - box.left, top: event.clientY - box.top };
  };
  const clamp = (left: number) => Math.max(area.x, Math.min(area.x + area.width, left));
  const under = (event: React.PointerEvent<SVGElement>) => nearest(placed, at(event).left, at(event).top, REACH);
  const move = (event: React.PointerEvent<SVGElement>) => {
    if (drag) return setDrag([drag[0], clamp(at(event).left)]);
    const found = under(event);
    event.currentTarget.style.cursor = found ? 'pointer' : 'crosshair';
    const right = !!found && found.left > area.x + area.width / 2;
    const width = event.currentTarget.ownerSVGElement!.clientWidth;
    hover(found && { point: found.point, top: found.top, right, side: (right ? width - found.left : found.left) + 10 });
  };
  const end = (event: React.PointerEvent<SVGElement>) => {
    setDrag(undefined);
    if (!drag) return;
    const [from, to] = [Math.min(...drag), Math.max(...drag)];
    if (to - from >= 4) return open(Math.floor(Number(timeAt(from))), Math.ceil(Number(timeAt(to))) + 1);
    const found = under(event);
    if (found) openJob(found.point.id);
  };
  return (
    <>
      {lines.map(({ status, count, d }) => (
        <path
          key={status}
          data-status={status}
          data-count={count}
          d={d}
          stroke={`var(--status-${status})`}
          strokeWidth={7}
          strokeLinecap="round"
          strokeOpacity={0.7}
        />
      ))}
      {drag && (
        <rect
          x={Math.min(...drag)}
          width={Math.abs(drag[1] - drag[0])}
          y={area.y}
          height={area.height}
          fill="var(--link)"
          fillOpacity={0.15}
        />
      )}
      <rect
        {...area}
        fill="transparent"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const { left } = at(event);
          setDrag([clamp(left), clamp(left)]);
          hover(undefined);
        }}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
        onPointerLeave={() => hover(undefined)}
      />
    </>
  );
}
