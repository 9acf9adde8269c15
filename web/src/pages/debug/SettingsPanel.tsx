import { useQuery } from '@tanstack/react-query';
import { queries } from '@/api/queries';
import { Empty, ErrorNote, Panel, SkeletonRows } from '@/ui/blocks';

/** The configuration in force on the process that answers, secrets masked: first what somebody has set. */
export function SettingsPanel() {
  const config = useQuery(queries.config());
  const items = [...(config.data?.items ?? [])].sort((a, b) => Number(a.source === 'default') - Number(b.source === 'default'));
  return (
    <Panel title="Configuration in force" pad={false}>
      {config.isPending ? (
        <SkeletonRows rows={6} />
      ) : config.isError ? (
        <ErrorNote error={config.error} what="The configuration could not be read." retry={() => config.refetch()} />
      ) : items.length === 0 ? (
        <Empty title="Set up in code">Drover is a part of another program here, which configures it.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section aria-label="Settings" style={{ maxHeight: 320, overflow: 'auto' }} tabIndex={0}>
          <table className="table">
            <tbody>
              {items.map((item) => (
                <tr key={item.name} title={item.description}>
                  <td className="mono">{item.name}</td>
                  <td className="mono cut" style={{ maxWidth: 320 }}>
                    {item.value || <span className="soft">none</span>}
                  </td>
                  <td className={item.source === 'default' ? 'soft' : undefined}>{item.source}</td>
                  <td className="soft roomy cut" style={{ maxWidth: 520 }}>
                    {item.description}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  );
}
