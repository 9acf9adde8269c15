// Collects rows and prints them side by side.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '../Drover.Bench');
const all = [];

export function show(name, rows) {
  all.push([name, rows]);
  console.log(`${name}: ${JSON.stringify(rows)}`);
}

// One part of the measuring, on a fresh server.
export async function measured(open, part) {
  const driver = await open();
  try {
    return await part(driver);
  } finally {
    await driver.close();
  }
}

// Drover's own rows, by its benchmark program.
export function drover(...args) {
  const ended = spawnSync('dotnet', ['run', '--project', project, '-c', 'Release', '--', 'rows', ...args.map(String)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const last = ended.stdout.trim().split('\n').at(-1);
  if (ended.status !== 0) throw new Error(`Drover's rows failed: ${last}`);
  return JSON.parse(last);
}

const rate = n => Math.round(n).toLocaleString('en');

// A table for docs/performance.md; `more` adds columns.
export function table(head, more) {
  console.log(`\n| | enqueue, 50 at once | enqueue, bulk | process, 50 slots | both at once | idle latency p50 / p99 | ${head} |`);
  console.log(`|${'---|'.repeat(6 + head.split('|').length)}`);
  for (const [name, r] of all)
    console.log(`| ${name} | ${rate(r.enqueue)}/s | ${rate(r.enqueueBulk)}/s | ${rate(r.process)}/s | ${rate(r.both)}/s | ${r.latencyP50.toFixed(2)} / ${r.latencyP99.toFixed(2)} ms | ${more(r)} |`);
}
