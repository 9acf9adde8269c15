import { expect, it } from 'vitest';
import type { Job } from '@/api/types';
import { asCurl, draftOf, EMPTY, parseEnv, quote, requestOf } from './draft';

it('asks for one job, or for one on each server', () => {
  expect(requestOf({ ...EMPTY, command: ' uptime ', servers: ['a'] })).toEqual({
    path: '/jobs',
    body: { command: 'uptime', server_id: 'a' },
    many: false,
  });
  expect(requestOf({ ...EMPTY, command: 'uptime', servers: ['a', 'b'] })).toEqual({
    path: '/jobs/bulk',
    body: { command: 'uptime', server_ids: ['a', 'b'] },
    many: true,
  });
  expect(requestOf({ ...EMPTY, tab: 'script', script: 'ls' }).path).toBe('/jobs/script');
});

it('says what is wrong before anything is sent', () => {
  expect(() => requestOf(EMPTY)).toThrow('command');
  expect(() => requestOf({ ...EMPTY, tab: 'task', jobType: 'x', payload: '{' })).toThrow('not JSON');
  expect(() => parseEnv('A=1\nnonsense')).toThrow('nonsense');
});

it('quotes for the shell', () => {
  expect(["it's", 'a b', '/plain/path', ''].map(quote)).toEqual([`'it'\\''s'`, `'a b'`, '/plain/path', `''`]);
  expect(asCurl({ ...EMPTY, command: `echo 'x'` }, 'http://h')).toContain(`'\\''x'\\''`);
});

it('makes a job’s input a draft again', () => {
  const job = {
    kind: 'command',
    command: 'tar',
    args: ['-c', '/my home'],
    server_id: 's',
    queue: 'default',
    priority: 2,
    timeout: 60,
    max_attempts: 1,
    backoff: {},
    tags: ['x'],
    env: { A: '1=2' },
  } as unknown as Job;
  const draft = draftOf(job);
  expect(draft.command).toBe(`tar -c '/my home'`);
  expect(requestOf(draft).body).toMatchObject({
    command: `tar -c '/my home'`,
    server_id: 's',
    priority: 2,
    timeout: 60,
    env: { A: '1=2' },
    tags: ['x'],
  });
});
