// What every queue is asked for, in the same words. A driver offers: enqueue(n-th caller), enqueueMany(n-th caller, count),
// waiting(), process(slots, onJob) -> stop(), close(), pid; cpu() -> seconds that its server has taken, where that is known.
import { readFileSync } from 'node:fs';

export const PAYLOAD = 'x'.repeat(200);
const now = () => performance.now() / 1000;

async function callers(count, seconds, once) {
  const end = now() + seconds;
  let done = 0;
  const begin = now();
  await Promise.all(Array.from({ length: count }, async (_, n) => {
    while (now() < end) {
      const some = await once(n);
      done += some;
    }
  }));
  return done / (now() - begin);
}

function resident(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

// What a fresh server takes, and each queued job on top of it, in bytes.
export async function memory(driver, queued) {
  await driver.enqueue(0);
  await emptied(driver);
  const memoryEmpty = resident(driver.pid);
  for (let left = queued; left > 0; left -= 2000) await Promise.all([0, 1, 2, 3].map(n => driver.enqueueMany(n, 500)));
  return { memoryEmpty, bytesQueued: (resident(driver.pid) - memoryEmpty) / queued };
}

// The rates (jobs a second) and the idle latency (milliseconds) of one driver.
export async function measure(driver, seconds = 4) {
  const rows = {};
  // Warm: code is compiled, files have grown.
  await callers(50, 4, n => driver.enqueue(n).then(() => 1));
  await emptied(driver);

  rows.enqueue = await callers(50, seconds, n => driver.enqueue(n).then(() => 1));
  await emptied(driver);
  rows.enqueueBulk = await callers(4, seconds / 2, n => driver.enqueueMany(n, 500).then(() => 500));
  rows.process = await emptied(driver);

  let processed = 0;
  const stop = await driver.process(50, () => { processed++; });
  // Submitting is held at what is worked off, so that both go on all the time.
  let sent = 0;
  const before = processed, begin = now(), cpu = driver.cpu?.();
  await callers(50, seconds, async n => {
    while (sent - (processed - before) > 4000) await new Promise(r => setTimeout(r, 1));
    sent++;
    await driver.enqueue(n);
    return 1;
  });
  rows.both = (processed - before) / (now() - begin);
  if (driver.cpu) rows.serverMicroseconds = (driver.cpu() - cpu) * 1e6 / (processed - before);
  while (processed - before < sent) await new Promise(r => setTimeout(r, 5));

  const waits = [];
  for (let i = 0; i < 300; i++) {
    await new Promise(r => setTimeout(r, 10));
    const target = processed + 1, at = performance.now();
    driver.enqueue(0);
    while (processed < target) await new Promise(r => setImmediate(r));
    waits.push(performance.now() - at);
  }
  await stop();
  waits.sort((a, b) => a - b);
  rows.latencyP50 = waits[150];
  rows.latencyP99 = waits[297];

  return rows;
}

// Works off all there is; answers at which rate.
async function emptied(driver) {
  let processed = 0;
  const waiting = await driver.waiting();
  const begin = now();
  const stop = await driver.process(50, () => { processed++; });
  while (processed < waiting) await new Promise(r => setTimeout(r, 1));
  const rate = processed / (now() - begin);
  await stop();
  return rate;
}
