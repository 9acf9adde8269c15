import { randomUUID } from 'node:crypto';
// A plain Node client of the queue protocol, which has no types.
// @ts-expect-error
import { Connection, readLease, types, Writer, writeToken } from '../../netqueue-node/netqueue.mjs';

const COMPLETED = 1;

type Lease = { token: unknown };

/** A worker that takes tasks of one type, holds each for a while, and completes it. */
export async function takeTasks(queuePort: number, token: string, jobType: string, holdMs: number): Promise<() => Promise<void>> {
  const worker = await Connection.open({ host: '127.0.0.1', port: queuePort, token });
  const slots = 200;
  const attach = new Writer().text('bench-tasks').uuid(randomUUID()).text('host').int(process.pid);
  attach
    .text('1')
    .int(slots)
    .list(['*'], (w: typeof Writer, queue: string) => w.text(queue).int(1));
  attach
    .bool(false)
    .list([jobType], (w: typeof Writer, type: string) => w.text(type))
    .list([], () => {});
  attach.bool(false).list([], () => {});
  await worker.request(types.attach, attach);
  let free = slots;
  let ended = false;

  const finish = async (leases: Lease[]) => {
    await new Promise((wait) => setTimeout(wait, holdMs));
    const body = new Writer().list(leases, (w: typeof Writer, lease: Lease) => writeToken(w, lease.token).u8(COMPLETED).var(0));
    await worker.request(types.finish, body).catch(() => undefined);
    free += leases.length;
  };
  const loop = async () => {
    while (!ended) {
      if (free === 0) {
        await new Promise((wait) => setTimeout(wait, 10));
        continue;
      }
      const answer = await worker.request(types.lease, new Writer().int(free)).catch(() => undefined);
      if (!answer) return;
      answer.i64();
      const leases: Lease[] = answer.list(readLease);
      free -= leases.length;
      if (leases.length > 0) finish(leases);
    }
  };
  const running = loop();
  return async () => {
    ended = true;
    await worker.close();
    await running;
  };
}
