// hostname on many servers: the real program beside pssh, clush and ansible, against one sshd under many names, at the same key
// exchange; then how long a remote line takes to a reader of the live log. Arguments: [servers] [key exchange]
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './beanstalkd.mjs';

const count = Number(process.argv[2] ?? 200);
const exchange = process.argv[3] ?? 'curve25519-sha256';
const program = process.env.DROVER_PROGRAM ?? join(process.cwd(), 'out/drover');
const folder = mkdtempSync(join(tmpdir(), 'drover-bench-ssh-'));
// BENCH_USER: who signs in; a login shell that reads a long profile costs its time.
const user = process.env.BENCH_USER ?? userInfo().username;
const names = Array.from({ length: count }, (_, n) => `s${n}`);
const children = [];

function start(file, args, options = {}) {
  const child = spawn(file, args, { stdio: 'ignore', cwd: folder, ...options });
  children.push(child);
  return child;
}

async function until(done) {
  for (const end = Date.now() + 30_000; ;) {
    try { return await done(); } catch (error) { if (Date.now() > end) throw error; }
    await new Promise(r => setTimeout(r, 50));
  }
}

async function sshd() {
  const port = await freePort();
  for (const name of ['host', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  // sshd looks at who may write the folders above a key file; /run is root's own.
  const keys = `/run/drover-bench-${process.pid}`;
  mkdirSync(keys, { recursive: true });
  mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(join(keys, 'keys'), readFileSync(join(folder, 'client.pub')));
  writeFileSync(join(folder, 'sshd_config'), [
    `ListenAddress 127.0.0.1:${port}`, `HostKey ${folder}/host`, `AuthorizedKeysFile ${keys}/keys`, 'PidFile none', 'MaxStartups 500',
    'UsePAM no', 'PermitRootLogin yes', `KexAlgorithms ${exchange}`].join('\n') + '\n');
  start('/usr/sbin/sshd', ['-D', '-f', join(folder, 'sshd_config')]);
  process.on('exit', () => rmSync(keys, { recursive: true, force: true }));
  return port;
}

const options = persist => ['HostName=127.0.0.1', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', `IdentityFile=${folder}/client`, 'IdentitiesOnly=yes',
  ...(persist ? ['ControlMaster=auto', 'ControlPersist=60', `ControlPath=${folder}/%n`] : [])].flatMap(o => ['-o', o]);

function timed(file, args) {
  const begin = performance.now();
  const text = execFileSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', process.env.BENCH_VERBOSE ? 'inherit' : 'ignore'], env: { ...process.env, ANSIBLE_SSH_ARGS: '', ANSIBLE_HOST_KEY_CHECKING: 'False', ANSIBLE_LOCALHOST_WARNING: 'False' } });
  const seconds = (performance.now() - begin) / 1000;
  return { seconds, text };
}

const rows = [];
function row(name, cold, warm) {
  rows.push([name, cold, warm]);
  console.log(`${name}: cold ${cold.toFixed(2)} s${warm === undefined ? '' : `, warm ${warm.toFixed(2)} s`}`);
}

async function drover(port) {
  const [api, queue] = [await freePort(), await freePort()];
  const token = 'bench-token-of-some-length-0123456789';
  const env = { ...process.env, DROVER_DATA: join(folder, 'data'), SERVER_ADDR: `127.0.0.1:${api}`, NETQUEUE_ADDR: `127.0.0.1:${queue}`, WORKER_CONCURRENCY: '50', SSH_HOST_KEY_POLICY: 'off', DROVER_ADMIN_TOKEN: token, LOG_LEVEL: 'error' };
  start(program, ['up'], { env });
  const url = `http://127.0.0.1:${api}`;
  const call = async (path, body, accept = 'application/json') => {
    const answer = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept }, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  await until(() => call('/health/ready'));
  const key = readFileSync(join(folder, 'client'), 'utf8');
  for (const name of names)
    await call('/api/v1/servers', { name, hostname: '127.0.0.1', port, user, auth_type: 'key', private_key: key, tags: ['bench'] });
  const run = () => {
    const { seconds, text } = timed(program, ['run', '--tag', 'bench', '--url', url, '--token', token, '--', 'hostname']);
    const lines = text.split('\n').filter(line => line.includes(execFileSync('hostname', { encoding: 'utf8' }).trim())).length;
    if (lines < count) throw new Error(`${lines} of ${count} servers answered`);
    return seconds;
  };
  const cold = run();
  row('drover run --tag', cold, Math.min(run(), run()));

  // A line's way: printed on the server, over SSH, worker, store and live log to the reader. One clock, since all is one machine.
  const command = 'for i in $(seq 200); do date +%s%N; sleep 0.05; done';
  const { id } = await (await call('/api/v1/jobs', { command, server_id: 's0' })).json();
  const stream = (await call(`/api/v1/jobs/${id}/logs`, undefined, 'text/event-stream')).body.pipeThrough(new TextDecoderStream());
  const waits = [];
  for await (const piece of stream)
    for (const [printed] of piece.matchAll(/(?<!\d)\d{19}(?!\d)/g)) waits.push(Date.now() - Number(printed) / 1e6);
  waits.sort((a, b) => a - b);
  return waits;
}

try {
  const port = await sshd();
  await until(() => execFileSync('ssh', [...options(false), '-p', port, `${user}@127.0.0.1`, 'true'], { stdio: 'ignore' }));
  const waits = await drover(port);

  writeFileSync(join(folder, 'hosts'), names.map(name => `${user}@${name}:${port}`).join('\n') + '\n');
  const pssh = persist => timed('parallel-ssh', ['-h', join(folder, 'hosts'), '-p', '50', '-i', '-t', '120', ...options(persist).map((o, i) => i % 2 ? o : '-O').filter(Boolean), 'hostname']).seconds;
  row('pssh', pssh(false));
  pssh(true);
  row('pssh, ControlPersist', rows.at(-1)[1], pssh(true));

  const clush = persist => timed('clush', ['-w', names.join(','), '-f', '50', '-l', user, '-o', [`-p ${port}`, ...options(persist)].join(' ').replaceAll('%', '%%'), 'hostname']).seconds;
  row('clush', clush(false), (clush(true), clush(true)));

  writeFileSync(join(folder, 'inventory'), names.map(name => `${name} ansible_port=${port} ansible_user=${user}`).join('\n') + '\n');
  const ansible = persist => timed('ansible', ['all', '-i', join(folder, 'inventory'), '-f', '50', '-m', 'raw', '-a', 'hostname', `--ssh-common-args=${options(persist).join(' ')}`]).seconds;
  row('ansible -m raw', ansible(false), (ansible(true), ansible(true)));

  console.log(`\n${count} servers, 50 at once, ${exchange}\n\n| | cold | warm |\n|---|---|---|`);
  for (const [name, cold, warm] of rows) console.log(`| ${name} | ${cold.toFixed(2)} s | ${warm === undefined ? '' : `${warm.toFixed(2)} s`} |`);
  console.log(`\na remote line to a reader of the live log: p50 ${waits[waits.length >> 1].toFixed(0)} ms, p95 ${waits[Math.floor(waits.length * 0.95)].toFixed(0)} ms, of ${waits.length}`);
} finally {
  for (const child of children) child.kill();
  await new Promise(r => setTimeout(r, 500));
  rmSync(folder, { recursive: true, force: true });
}
