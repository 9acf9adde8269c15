import { Button, Menu } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconHelpCircle, IconPlayerPause, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '@/api/client';
import { queries } from '@/api/queries';
import type { Server } from '@/api/types';
import { runDrawer } from '@/shell/runDrawer';
import { Time } from '@/time/Time';
import { Empty, ErrorNote, PageHeader, SkeletonRows } from '@/ui/blocks';
import { confirm } from '@/ui/confirm';
import { ToneBadge } from '@/ui/StatusBadge';
import { toast } from '@/ui/toast';
import { requestOf, ServerForm } from './ServerForm';
import { ServerTest } from './ServerTest';
import { stepWords } from './steps';

export default function ServersPage() {
  const client = useQueryClient();
  const list = useQuery(queries.servers());
  const [edited, setEdited] = useState<Server | 'new'>();
  const [tested, setTested] = useState<Server>();
  const checkAll = useMutation({
    mutationFn: () => api.post('/servers/bulk/status', {}),
    onSuccess: () => client.invalidateQueries({ queryKey: ['servers'] }),
    onError: (error) => toast.failed(error, 'The servers were not checked'),
  });
  return (
    <>
      <PageHeader title="Servers">
        <Button variant="default" loading={checkAll.isPending} onClick={() => checkAll.mutate()}>
          Check all
        </Button>
        <Button leftSection={<IconPlus size={14} />} onClick={() => setEdited('new')}>
          Add a server
        </Button>
      </PageHeader>
      <div className="panel scroll-x">
        {list.isPending ? (
          <SkeletonRows rows={5} />
        ) : list.isError ? (
          <ErrorNote error={list.error} what="The servers could not be loaded." retry={() => list.refetch()} />
        ) : list.data.items.length === 0 ? (
          <Empty title="No servers" action={<Button onClick={() => setEdited('new')}>Add a server</Button>}>
            A server is a machine that jobs run on, over SSH.
          </Empty>
        ) : (
          <table className="table cards">
            <thead>
              <tr>
                <th>Name</th>
                <th>State</th>
                <th>Address</th>
                <th className="roomy">User</th>
                <th className="roomy">Signs in by</th>
                <th className="roomy">Tags</th>
                <th className="roomy">Last check</th>
                <th className="num roomy">Latency</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {list.data.items.map((server) => (
                <Row key={server.id} server={server} edit={() => setEdited(server)} test={() => setTested(server)} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {edited && (
        <ServerForm
          server={edited === 'new' ? undefined : edited}
          servers={list.data?.items ?? []}
          close={() => setEdited(undefined)}
          saved={(server, test) => {
            setEdited(undefined);
            if (test) setTested(server);
          }}
        />
      )}
      {tested && <ServerTest server={tested} close={() => setTested(undefined)} />}
    </>
  );
}

function Row({ server, edit, test }: { server: Server; edit: () => void; test: () => void }) {
  const client = useQueryClient();
  const running = useQuery(queries.counts({ server_id: server.id }));
  const change = async (what: string, action: () => Promise<unknown>) => {
    try {
      await action();
      client.invalidateQueries({ queryKey: ['servers'] });
    } catch (error) {
      toast.failed(error, what);
    }
  };
  const remove = async () => {
    const yes = await confirm({
      title: `Delete “${server.name}”?`,
      verb: 'Delete the server',
      danger: true,
      body: 'Its jobs stay in the history. While jobs for it have not finished it cannot be deleted.',
    });
    if (yes) change('The server was not deleted', () => api.delete(`/servers/${server.id}`));
  };
  const ssh = server.kind === 'ssh';
  return (
    <tr>
      <td>
        <Link to="/jobs" search={{ server: server.name }}>
          <strong>{server.name}</strong>
        </Link>
        {running.data?.running ? <span className="soft"> · {running.data.running} running</span> : null}
      </td>
      <td className="end">
        <State server={server} />
      </td>
      <td className="mono wide">
        {ssh ? `${server.hostname}${server.port && server.port !== 22 ? `:${server.port}` : ''}` : 'this machine'}
      </td>
      <td className="off roomy">{server.user ?? '–'}</td>
      <td className="off roomy">{server.auth_type === 'key' ? (server.key_name ?? 'key') : (server.auth_type ?? '–')}</td>
      <td className="off roomy">{server.tags.join(', ') || '–'}</td>
      <td className="off roomy">
        <Time at={server.status?.checked_at} />
      </td>
      <td className="num off roomy">{server.status?.ok ? `${Math.round(server.status.latency_ms)} ms` : '–'}</td>
      <td className="num wide">
        <span style={{ display: 'inline-flex', gap: 6 }}>
          <Button variant="default" size="compact-xs" onClick={() => runDrawer.open({ servers: [server.id] })}>
            Run here
          </Button>
          {ssh && (
            <Button variant="default" size="compact-xs" onClick={test}>
              Test
            </Button>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" size="compact-xs" aria-label={`More for ${server.name}`}>
                …
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {ssh && <Menu.Item onClick={edit}>Edit</Menu.Item>}
              <Menu.Item onClick={() => change('The server was not checked', () => api.post(`/servers/${server.id}/status`))}>
                Check now
              </Menu.Item>
              <Menu.Item
                onClick={() =>
                  change('The server was not changed', () =>
                    api.put(`/servers/${server.id}`, { ...requestOf(server), is_active: !server.is_active }),
                  )
                }
              >
                Switch {server.is_active ? 'off' : 'on'}
              </Menu.Item>
              {ssh && (
                <Menu.Item color="red" onClick={remove}>
                  Delete
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        </span>
      </td>
    </tr>
  );
}

function State({ server }: { server: Server }) {
  if (!server.is_active)
    return (
      <ToneBadge tone="canceled" icon={IconPlayerPause}>
        off
      </ToneBadge>
    );
  if (!server.status)
    return (
      <ToneBadge tone="queued" icon={IconHelpCircle}>
        not checked
      </ToneBadge>
    );
  return server.status.ok ? (
    <ToneBadge tone="completed" icon={IconCircleCheck}>
      reachable
    </ToneBadge>
  ) : (
    <span title={server.status.error ?? undefined}>
      <ToneBadge tone="failed" icon={IconCircleX}>
        {stepWords(server.status.failed_step)}
      </ToneBadge>
    </span>
  );
}
