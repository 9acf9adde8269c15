// beanstalkd over its text protocol, with a connection for each caller and each slot.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAYLOAD } from './measure.mjs';

export const freePort = () => new Promise(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

// One connection; answers come in the order of the requests.
class Line {
  constructor(port) {
    this.waiting = [];
    this.rest = '';
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', text => this.take(text));
    this.socket.on('error', () => {});
  }

  ask(text) {
    this.socket.write(text);
    return new Promise(resolve => this.waiting.push(resolve));
  }

  take(text) {
    this.rest += text;
    for (let end; (end = this.rest.indexOf('\r\n')) >= 0;) {
      const head = this.rest.slice(0, end).split(' ');
      let length = end + 2;
      if (head[0] === 'RESERVED' || head[0] === 'OK') {
        length += Number(head.at(-1)) + 2;
        if (this.rest.length < length) return;
      }
      const body = this.rest.slice(end + 2, length);
      this.rest = this.rest.slice(length);
      this.waiting.shift()?.({ head, body });
    }
  }

  close() { this.socket.destroy(); }
}

const PUT = `put 5 0 60 ${PAYLOAD.length}\r\n${PAYLOAD}\r\n`;

export async function beanstalkd(fsync) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-peer-'));
  const port = await freePort();
  const process_ = spawn('beanstalkd', ['-l', '127.0.0.1', '-p', String(port), '-b', folder, ...(fsync ? ['-f', '0'] : ['-F'])], { stdio: 'ignore' });
  await new Promise(r => setTimeout(r, 500));
  const lines = Array.from({ length: 50 }, () => new Line(port));
  return {
    pid: process_.pid,
    enqueue: n => lines[n].ask(PUT),
    enqueueMany: (n, count) => Promise.all(Array.from({ length: count }, () => lines[n].ask(PUT))),
    waiting: async () => Number(/current-jobs-ready: (\d+)/.exec((await lines[0].ask('stats\r\n')).body)[1]),
    async process(slots, onJob) {
      let over = false;
      const workers = Array.from({ length: slots }, () => new Line(port));
      for (const worker of workers) {
        (async () => {
          while (!over) {
            const { head } = await worker.ask('reserve\r\n');
            if (over) return;
            await worker.ask(`delete ${head[1]}\r\n`);
            onJob();
          }
        })();
      }
      return async () => { over = true; for (const worker of workers) worker.close(); await new Promise(r => setTimeout(r, 200)); };
    },
    async close() {
      for (const line of lines) line.close();
      process_.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
