import { expect, it } from 'vitest';
import type { Job } from '@/api/types';
import { asCSharp, asCurl, asDrover, asShell } from './copies';
import { draftOf, EMPTY, parseEnv, quote, requestOf } from './draft';

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

it('keeps what a job has and the form does not show', () => {
  const job = {
    command: 'cat',
    stdin: 'fed',
    pty: false,
    worker_labels: ['gpu'],
    on_worker_lost: 'retry',
    max_attempts: 3,
    backoff: { kind: 'fixed', delay: 1, max: 9, jitter: 0 },
    tags: [],
  } as unknown as Job;
  const draft = draftOf(job);
  expect(draft.kept).toEqual({ stdin: 'fed', worker_labels: ['gpu'], on_worker_lost: 'retry', backoff: { max: 9, jitter: 0 } });
  expect(requestOf(draft).body).toMatchObject({
    stdin: 'fed',
    worker_labels: ['gpu'],
    on_worker_lost: 'retry',
    backoff: { kind: 'fixed', delay: 1, max: 9, jitter: 0 },
  });
  expect(requestOf({ ...draft, tab: 'task', jobType: 'x' }).body).not.toHaveProperty('stdin');
  expect(requestOf(draftOf({ ...job, id: 'id-1' } as Job)).body).toMatchObject({ stdin: 'fed', origin_id: 'id-1' });
  expect(draftOf({ command: 'cat', on_worker_lost: 'fail', backoff: { max: 3600, jitter: 0.1 } } as never).kept).toBeUndefined();
});

it('copies a job whole, for each of the tools', () => {
  const draft = {
    ...EMPTY,
    command: 'ps aux | head',
    servers: ['id-1'],
    name: 'top ten',
    queue: 'ops',
    delay: 60,
    workingDir: '/srv/my app',
    env: 'A=1 2',
    tags: ['nightly'],
    maxAttempts: 3,
    kept: { worker_labels: ['gpu'], stdin: 'fed' },
  };
  expect(asDrover(draft, () => 'web 1')).toBe(
    `printf %s fed | drover run --on 'web 1' --name 'top ten' --queue ops --retries 2 --delay 60s --cwd '/srv/my app' --env 'A=1 2' --job-tag nightly --label gpu --stdin -- 'ps aux | head'`,
  );
  expect(asDrover({ ...EMPTY, tab: 'script', script: 'echo\nSCRIPT\n', args: 'a' }, String)).toBe(
    `drover script - -- a <<'SCRIPT_'\necho\nSCRIPT\n\nSCRIPT_`,
  );
  expect(asCSharp({ ...EMPTY, command: 'true' }, 'http://h')).toContain('{"command":"true"}');
  expect(asShell(draft)).toBe(`cd '/srv/my app'\nexport A='1 2'\nps aux | head`);
  expect(asShell({ ...EMPTY, tab: 'script', script: '#!/usr/bin/perl -w\n1;', args: '-n' })).toBe('/usr/bin/perl -w SCRIPT -n');
});
