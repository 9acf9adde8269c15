import { Button, FileButton } from '@mantine/core';
import { IconKey, IconUpload } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import { queries } from '@/api/queries';
import type { Key } from '@/api/types';
import { Time } from '@/time/Time';
import { Empty, ErrorNote, PageHeader, SkeletonRows } from '@/ui/blocks';
import { confirm } from '@/ui/confirm';
import { copy, toast } from '@/ui/toast';
import classes from './KeysPage.module.css';
import { uploadKey } from './upload';

export default function KeysPage() {
  const client = useQueryClient();
  const list = useQuery(queries.keys());
  const [over, setOver] = useState(false);
  const upload = async (files: readonly File[]) => {
    for (const file of files) {
      try {
        const key = await uploadKey(client, file);
        toast.done(`${key.filename} stored${key.fingerprint ? `, ${key.fingerprint}` : ''}`);
      } catch (error) {
        toast.failed(error, `${file.name} was not stored`);
      }
    }
  };
  const remove = async (key: Key) => {
    if (
      !(await confirm({
        title: `Delete ${key.filename}?`,
        verb: 'Delete the key',
        danger: true,
        body: 'Drover forgets the key; nothing changes on any server.',
      }))
    )
      return;
    try {
      await api.delete(`/files/pem/${encodeURIComponent(key.filename)}`);
      client.invalidateQueries({ queryKey: ['keys'] });
    } catch (error) {
      toast.failed(error, 'The key was not deleted');
    }
  };
  return (
    <>
      <PageHeader title="Keys" note="Private keys are stored encrypted and never shown again.">
        <FileButton onChange={(files) => upload(files)} multiple>
          {(props) => (
            <Button {...props} leftSection={<IconUpload size={14} />}>
              Upload a key
            </Button>
          )}
        </FileButton>
      </PageHeader>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a drop target; the button above does the same */}
      <div
        className={classes.drop}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          upload([...event.dataTransfer.files]);
        }}
      >
        <IconKey size={18} aria-hidden /> Drop PEM or OpenSSH private keys here
      </div>
      <div className="panel scroll-x">
        {list.isPending ? (
          <SkeletonRows rows={4} />
        ) : list.isError ? (
          <ErrorNote error={list.error} what="The keys could not be loaded." retry={() => list.refetch()} />
        ) : list.data.items.length === 0 ? (
          <Empty title="No keys">Upload a private key once, then use it for as many servers as you like.</Empty>
        ) : (
          <table className="table cards">
            <thead>
              <tr>
                <th>Name</th>
                <th>Type</th>
                <th>Fingerprint</th>
                <th className="roomy">Passphrase</th>
                <th>Used by</th>
                <th className="roomy">Uploaded</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {list.data.items.map((key) => (
                <tr key={key.filename}>
                  <td>
                    <strong>{key.filename}</strong>
                  </td>
                  <td>{[key.type, key.bits].filter(Boolean).join(' ') || 'sealed'}</td>
                  <td className="wide">
                    <button
                      type="button"
                      className={`mono ${classes.print}`}
                      title="Copy"
                      onClick={() => copy(key.fingerprint ?? '', 'Fingerprint')}
                    >
                      {key.fingerprint ?? '–'}
                    </button>
                  </td>
                  <td className="off roomy">{key.encrypted ? (key.has_passphrase ? 'stored' : 'wanted') : 'none'}</td>
                  <td className="wide fold" style={{ whiteSpace: 'normal' }}>
                    {key.used_by.length ? key.used_by.join(', ') : <span className="soft">not used</span>}
                  </td>
                  <td className="off roomy">
                    <Time at={key.created_at} />
                  </td>
                  <td className="num">
                    <Button
                      variant="default"
                      size="compact-xs"
                      disabled={key.used_by.length > 0}
                      title={key.used_by.length ? 'Servers use it; give them another key first' : undefined}
                      onClick={() => remove(key)}
                    >
                      Delete
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}
