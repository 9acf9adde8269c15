import { Button, Group, Loader, Modal } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconMinus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api } from '@/api/client';
import type { Server, ServerTest as Test } from '@/api/types';
import { ErrorNote } from '@/ui/blocks';
import { useReturnFocus } from '@/ui/focus';
import { toast } from '@/ui/toast';

const STEPS: [string, string][] = [
  ['name', 'Look up the name'],
  ['connect', 'Connect'],
  ['host_key', 'Host key'],
  ['sign_in', 'Sign in'],
  ['run', 'Run “true”'],
];

/** A server is tried step by step; a host key that is new or changed can be trusted after comparing. */
export function ServerTest({ server, close }: { server: Server; close: () => void }) {
  useReturnFocus();
  const client = useQueryClient();
  const test = useMutation({
    mutationFn: () => api.post<Test>(`/servers/${server.id}/test`),
    onSettled: () => client.invalidateQueries({ queryKey: ['servers'] }),
  });
  const trust = useMutation({
    mutationFn: (fingerprint: string) => api.post(`/servers/${server.id}/host-key`, { fingerprint }),
    onSuccess: () => {
      toast.done('The host key is trusted');
      test.mutate();
    },
    onError: (error) => toast.failed(error, 'The host key was not trusted'),
  });
  const { mutate } = test;
  useEffect(() => mutate(), [mutate]);
  const result = test.data;
  const seen = result?.host_key_fingerprint;
  const changed = seen && result.trusted_fingerprint && seen !== result.trusted_fingerprint;
  const untrusted = seen && !result.ok && !result.trusted_fingerprint && result.steps.some((step) => step.name === 'host_key' && !step.ok);

  return (
    <Modal opened onClose={close} title={`Test ${server.name}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {test.isError && <ErrorNote error={test.error} what="The test could not be made." />}
      <table className="table" style={{ marginBottom: 12 }}>
        <tbody>
          {STEPS.map(([name, label]) => {
            const step = result?.steps.find((each) => each.name === name);
            return (
              <tr key={name}>
                <td style={{ width: 24 }}>
                  {test.isPending ? (
                    <Loader size={12} />
                  ) : step ? (
                    step.ok ? (
                      <IconCircleCheck size={16} color="var(--status-completed)" aria-label="went well" />
                    ) : (
                      <IconCircleX size={16} color="var(--status-failed)" aria-label="failed" />
                    )
                  ) : (
                    <IconMinus size={16} color="var(--soft)" aria-label="not reached" />
                  )}
                </td>
                <td>{label}</td>
                <td className="num" style={{ width: 80 }}>
                  {step ? `${Math.round(step.duration_ms)} ms` : ''}
                </td>
                <td style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }} className="soft">
                  {step?.detail}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {(changed || untrusted) && (
        <div className="panel" style={{ padding: 12, marginBottom: 12, borderColor: changed ? 'var(--status-failed)' : undefined }}>
          <strong>{changed ? 'The server shows another host key than the trusted one' : 'The server’s host key is not trusted yet'}</strong>
          <p className="soft" style={{ margin: '4px 0 8px' }}>
            {changed ? 'It was set up anew, or something stands in between and pretends to be it. ' : ''}Compare with what{' '}
            <span className="mono">ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</span> prints on the server itself.
          </p>
          {changed && (
            <div>
              Trusted <code className="mono">{result.trusted_fingerprint}</code>
            </div>
          )}
          <div>
            Shown now <code className="mono">{seen}</code>
          </div>
          <Button mt="sm" color={changed ? 'red.8' : undefined} loading={trust.isPending} onClick={() => trust.mutate(seen)}>
            Trust the key that is shown
          </Button>
        </div>
      )}
      <Group justify="space-between">
        <span className="soft">
          {result && (result.ok ? `All went well, ${Math.round(result.latency_ms)} ms` : 'It did not get through')}
        </span>
        <Group>
          <Button variant="default" onClick={() => test.mutate()} loading={test.isPending}>
            Test again
          </Button>
          <Button onClick={close}>Done</Button>
        </Group>
      </Group>
    </Modal>
  );
}
