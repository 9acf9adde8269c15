// Drover over NetQueue beside beanstalkd and BullMQ, on this machine, one after the other. Arguments: [queued jobs] [drover|beanstalkd|bullmq ...]
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beanstalkd } from './beanstalkd.mjs';
import { bullmq } from './bullmq.mjs';
import { measure, memory } from './measure.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const queued = Number(process.argv[2] ?? 1_000_000);
const only = process.argv.slice(3);
const wants = name => only.length === 0 || only.includes(name);
const all = [];

async function peer(name, open) {
  const rows = {};
  for (const part of [driver => measure(driver), driver => memory(driver, queued)]) {
    const driver = await open();
    try {
      Object.assign(rows, await part(driver));
    } finally {
      await driver.close();
    }
  }
  show(name, rows);
}

function drover(durability) {
  const ended = spawnSync('dotnet', ['run', '--project', join(here, '../Drover.Bench'), '-c', 'Release', '--', 'netqueue', 'rows', durability, String(queued)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const last = ended.stdout.trim().split('\n').at(-1);
  if (ended.status !== 0) throw new Error(`Drover's rows failed: ${last}`);
  show(`Drover, ${durability}`, JSON.parse(last));
}

function show(name, rows) {
  all.push([name, rows]);
  console.log(`${name}: ${JSON.stringify(rows)}`);
}

if (wants('drover')) for (const durability of ['full', 'normal']) drover(durability);
if (wants('beanstalkd')) {
  await peer('beanstalkd, fsync each', () => beanstalkd(true));
  await peer('beanstalkd, no fsync', () => beanstalkd(false));
}
if (wants('bullmq')) {
  await peer('BullMQ, always', () => bullmq('always'));
  await peer('BullMQ, everysec', () => bullmq('everysec'));
}

const rate = n => Math.round(n).toLocaleString('en');
console.log('\n| | enqueue, 50 at once | enqueue, bulk | process, 50 slots | both at once | idle latency p50 / p99 | memory empty | bytes a queued job |\n|---|---|---|---|---|---|---|---|');
for (const [name, r] of all)
  console.log(`| ${name} | ${rate(r.enqueue)}/s | ${rate(r.enqueueBulk)}/s | ${rate(r.process)}/s | ${rate(r.both)}/s | ${r.latencyP50.toFixed(2)} / ${r.latencyP99.toFixed(2)} ms | ${Math.round(r.memoryEmpty / 1048576)} MB | ${Math.round(r.bytesQueued)} |`);
