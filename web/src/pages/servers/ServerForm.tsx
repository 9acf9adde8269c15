import {
  Button,
  Drawer,
  FileButton,
  Group,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  Select,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, api } from '@/api/client';
import { queries } from '@/api/queries';
import type { Key, Server, ServerRequest } from '@/api/types';
import { ErrorNote } from '@/ui/blocks';
import { useReturnFocus } from '@/ui/focus';
import { uploadKey } from '../keys/upload';

type Props = { server?: Server; servers: Server[]; close: () => void; saved: (server: Server, test: boolean) => void };

/** All that a server is, as it is sent; a new one when there is none. Secrets are not known here and stay as they are. */
export function requestOf(server?: Server): ServerRequest {
  const common = {
    name: server?.name ?? '',
    tags: server?.tags ?? [],
    is_active: server?.is_active ?? true,
    max_concurrency: server?.max_concurrency,
  };
  if (server?.kind === 'local') return common;
  return {
    ...common,
    hostname: server?.hostname ?? '',
    port: server?.port ?? 22,
    user: server?.user ?? '',
    auth_type: server?.auth_type ?? 'key',
    key_name: server?.key_name,
    jump_server_id: server?.jump_server_id,
  };
}

export function ServerForm({ server, servers, close, saved }: Props) {
  useReturnFocus();
  const client = useQueryClient();
  const { data: keys } = useQuery(queries.keys());
  const [form, setForm] = useState<ServerRequest>(requestOf(server));
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const set = (change: ServerRequest) => setForm((before) => ({ ...before, ...change }));
  const wrong = (field: string) => error?.fields[field]?.join(' ');

  const save = async (test: boolean) => {
    setBusy(true);
    setError(undefined);
    // Secrets that are left empty are not sent, and so stay as they are.
    const body = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== '' && value !== undefined && value !== null));
    try {
      const result = server ? await api.put<Server>(`/servers/${server.id}`, body) : await api.post<Server>('/servers', body);
      client.invalidateQueries({ queryKey: ['servers'] });
      saved(result, test);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError(0, String(failure)));
    } finally {
      setBusy(false);
    }
  };
  const upload = async (file: File | null) => {
    if (!file) return;
    try {
      const key: Key = await uploadKey(client, file);
      set({ key_name: key.filename });
    } catch (failure) {
      setError(failure as ApiError);
    }
  };

  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={520}
      title={server ? `Edit ${server.name}` : 'Add a server'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        style={{ display: 'grid', gap: 12 }}
        onSubmit={(event) => {
          event.preventDefault();
          save(true);
        }}
      >
        <TextInput
          data-autofocus
          required
          label="Name"
          value={form.name ?? ''}
          error={wrong('name')}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <Group grow align="start" preventGrowOverflow={false}>
          <TextInput
            required
            label="Address"
            style={{ flexGrow: 3 }}
            value={form.hostname ?? ''}
            error={wrong('hostname')}
            onChange={(event) => set({ hostname: event.currentTarget.value })}
            placeholder="web-1.example.com"
          />
          <NumberInput
            label="Port"
            min={1}
            max={65535}
            value={form.port ?? 22}
            error={wrong('port')}
            onChange={(value) => set({ port: Number(value) || 22 })}
          />
        </Group>
        <TextInput
          required
          label="User"
          value={form.user ?? ''}
          error={wrong('user')}
          onChange={(event) => set({ user: event.currentTarget.value })}
        />
        <SegmentedControl
          aria-label="Sign in by"
          value={form.auth_type ?? 'key'}
          onChange={(value) => set({ auth_type: value as 'key' | 'password' })}
          data={[
            { value: 'key', label: 'Key' },
            { value: 'password', label: 'Password' },
          ]}
        />
        {form.auth_type === 'password' ? (
          <PasswordInput
            label="Password"
            placeholder={server?.has_password ? 'stays as it is' : ''}
            autoComplete="new-password"
            value={form.password ?? ''}
            error={wrong('password')}
            onChange={(event) => set({ password: event.currentTarget.value })}
          />
        ) : (
          <>
            <Group align="end" grow preventGrowOverflow={false}>
              <Select
                label="Uploaded key"
                clearable
                data={(keys?.items ?? []).map((key) => key.filename)}
                value={form.key_name ?? null}
                error={wrong('key_name')}
                onChange={(value) => set({ key_name: value ?? undefined })}
              />
              <FileButton onChange={upload}>
                {(props) => (
                  <Button {...props} variant="default">
                    Upload a key
                  </Button>
                )}
              </FileButton>
            </Group>
            {!form.key_name && (
              <Textarea
                label="… or a key of its own"
                classNames={{ input: 'mono' }}
                placeholder={server?.has_private_key ? 'stays as it is' : '-----BEGIN OPENSSH PRIVATE KEY-----'}
                minRows={3}
                autosize
                maxRows={8}
                value={form.private_key ?? ''}
                error={wrong('private_key')}
                onChange={(event) => set({ private_key: event.currentTarget.value })}
              />
            )}
            <PasswordInput
              label="Passphrase"
              placeholder={server?.has_passphrase ? 'stays as it is' : 'if the key has one'}
              autoComplete="new-password"
              value={form.passphrase ?? ''}
              error={wrong('passphrase')}
              onChange={(event) => set({ passphrase: event.currentTarget.value })}
            />
          </>
        )}
        <TagsInput label="Tags" value={form.tags ?? []} error={wrong('tags')} onChange={(tags) => set({ tags })} />
        <Group grow align="start">
          <Select
            label="Through"
            description="a jump server"
            clearable
            data={servers
              .filter((each) => each.kind === 'ssh' && each.id !== server?.id)
              .map((each) => ({ value: each.id, label: each.name }))}
            value={form.jump_server_id ?? null}
            error={wrong('jump_server_id')}
            onChange={(value) => set({ jump_server_id: value ?? undefined })}
          />
          <NumberInput
            label="Jobs at once"
            description="no limit when empty"
            min={1}
            value={form.max_concurrency ?? ''}
            error={wrong('max_concurrency')}
            onChange={(value) => set({ max_concurrency: value === '' ? undefined : Number(value) })}
          />
        </Group>
        <Switch label="Takes jobs" checked={form.is_active ?? true} onChange={(event) => set({ is_active: event.currentTarget.checked })} />
        {error && <ErrorNote error={new Error(error.details)} what="The server was not saved." />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Discard
          </Button>
          <Button variant="default" loading={busy} onClick={() => save(false)}>
            Save
          </Button>
          <Button type="submit" loading={busy}>
            Save and test
          </Button>
        </Group>
      </form>
    </Drawer>
  );
}
