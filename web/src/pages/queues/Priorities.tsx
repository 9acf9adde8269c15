/** Ten thin bars, priority 1 first: where the waiting jobs stand. */
export function Priorities({ distribution }: { distribution: Record<string, number> }) {
  const counts = Array.from({ length: 10 }, (_, i) => distribution[String(i + 1)] ?? 0);
  const top = Math.max(1, ...counts);
  const text =
    counts
      .map((n, i) => (n ? `priority ${i + 1}: ${n}` : ''))
      .filter(Boolean)
      .join(', ') || 'nothing waits';
  return (
    <svg width={90} height={18} role="img" aria-label={text}>
      <title>{text}</title>
      {counts.map((n, i) => {
        const height = n ? Math.max(3, (n / top) * 18) : 1;
        return <rect key={i} x={i * 9} y={18 - height} width={7} height={height} rx={1} fill={n ? 'var(--link)' : 'var(--line)'} />;
      })}
    </svg>
  );
}
