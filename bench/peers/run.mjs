// Drover over NetQueue beside beanstalkd and BullMQ, on this machine, one after the other. Arguments: [queued jobs] [drover|beanstalkd|bullmq ...]
import { beanstalkd } from './beanstalkd.mjs';
import { bullmq } from './bullmq.mjs';
import { measure, memory } from './measure.mjs';
import { drover, measured, show, table } from './report.mjs';

const queued = Number(process.argv[2] ?? 1_000_000);
const only = process.argv.slice(3);
const wants = name => only.length === 0 || only.includes(name);

// What a fresh server takes is told by one that has done nothing else.
const peer = async (name, open) => show(name, { ...(await measured(open, measure)), ...(await measured(open, driver => memory(driver, queued))) });

if (wants('drover')) for (const durability of ['full', 'normal']) show(`Drover, ${durability}`, drover('netqueue', durability, queued));
if (wants('beanstalkd')) {
  await peer('beanstalkd, fsync each', () => beanstalkd(true));
  await peer('beanstalkd, no fsync', () => beanstalkd(false));
}
if (wants('bullmq')) {
  await peer('BullMQ, always', () => bullmq('always'));
  await peer('BullMQ, everysec', () => bullmq('everysec'));
}

table('memory empty | bytes a queued job', r => `${Math.round(r.memoryEmpty / 1048576)} MB | ${Math.round(r.bytesQueued)}`);
