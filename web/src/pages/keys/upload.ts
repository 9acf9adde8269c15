import type { QueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import type { Key } from '@/api/types';

export async function uploadKey(client: QueryClient, file: File, passphrase?: string): Promise<Key> {
  const form = new FormData();
  form.append('file', file, file.name);
  if (passphrase) form.append('passphrase', passphrase);
  const key = await api.post<Key>('/upload/pem', form);
  client.invalidateQueries({ queryKey: ['keys'] });
  return key;
}
