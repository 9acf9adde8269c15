// Drover on SQLite, PostgreSQL and Redis with 1, 2 and 4 nodes, beside the queues that others keep in the same. Arguments: [postgres|redis|sqlite ...]
import { bullmq } from './bullmq.mjs';
import { measure } from './measure.mjs';
import { graphileWorker, pgBoss } from './postgres.mjs';
import { drover, measured, show, table } from './report.mjs';

const only = process.argv.slice(2);
const wants = name => only.length === 0 || only.includes(name);
const nodes = count => `${count} node${count === 1 ? '' : 's'}`;

if (wants('sqlite')) show('Drover, SQLite', drover('sqlite'));
if (wants('postgres')) {
  for (const count of [1, 2, 4]) show(`Drover, PostgreSQL, ${nodes(count)}`, drover('postgres', count));
  show('Drover, PostgreSQL, 1 node, 450 leased ahead', drover('postgres', 1, 4, 450));
  show('graphile-worker, batching', await measured(() => graphileWorker(true), measure));
  show('graphile-worker', await measured(() => graphileWorker(false), measure));
  show('pg-boss', await measured(pgBoss, measure));
}
if (wants('redis')) {
  for (const count of [1, 2, 4]) show(`Drover, Redis everysec, ${nodes(count)}`, drover('redis', count));
  show('BullMQ, everysec', await measured(() => bullmq('everysec'), measure));
  show('Drover, Redis always, 1 node', drover('redis-always', 1));
  show('BullMQ, always', await measured(() => bullmq('always'), measure));
}
table('CPU of the server a job', r => r.serverMicroseconds === undefined ? '' : `${Math.round(r.serverMicroseconds)} µs`);
