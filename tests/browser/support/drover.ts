import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROGRAM = process.env.DROVER_PROGRAM ?? resolve(import.meta.dirname, '../../../out/drover');

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** Asks again until it is so. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false> | T | undefined | false, seconds = 30): Promise<T> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((wait) => setTimeout(wait, 50));
  }
  throw new Error(`Not within ${seconds} s: ${what}`);
}

/** The built program, started for one test in a folder of its own. */
export class Drover {
  private process?: ChildProcess;
  private printed = '';

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly queuePort: number | undefined,
  ) {}

  /** On a folder that is there, or a new one; `queuePort` opens the queue server too, for workers of the test's own. */
  static async start({ folder, queuePort }: { folder?: string; queuePort?: number } = {}): Promise<Drover> {
    const drover = new Drover(folder ?? mkdtempSync(join(tmpdir(), 'drover-browser-')), await freePort(), queuePort);
    await drover.up();
    return drover;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get token() {
    return readFileSync(join(this.folder, 'admin-token'), 'utf8').trim();
  }

  /** The link that signs a browser in once, as it was printed. */
  get signInLink() {
    return /http\S+\/signin\?code=\S+/.exec(this.printed)![0];
  }

  /** Starts it (again) on the same folder and port. */
  async up() {
    this.printed = '';
    const queue = this.queuePort ? `127.0.0.1:${this.queuePort}` : 'off';
    this.process = spawn(PROGRAM, ['up', '--data', this.folder, '--server-addr', `127.0.0.1:${this.port}`, '--netqueue-addr', queue], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, WORKER_GRACEFUL_SHUTDOWN: '1s', NO_COLOR: '1' },
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) stream.on('data', (bytes) => (this.printed += bytes));
    const running = this.process;
    await until(`drover is up:\n${this.printed}`, () => {
      if (running.exitCode !== null) throw new Error(`drover ended with ${running.exitCode}:\n${this.printed}`);
      return /signs a browser in/.test(this.printed);
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL') {
    const running = this.process!;
    if (running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((done) => running.once('exit', done));
    running.kill(signal);
    await ended;
  }

  async dispose() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A call of the API, with the admin token. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are read as the test wants them
  async api(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Submits a job; answers its id. */
  async submit(job: object): Promise<string> {
    return (await this.api('POST', 'jobs', job)).id;
  }

  async status(id: string): Promise<string> {
    return (await this.api('GET', `jobs/${id}`)).status;
  }

  /** Submits a job and waits until it has this status. */
  async ran(job: object, status = 'completed'): Promise<string> {
    const id = await this.submit(job);
    await until(`the job is ${status}`, async () => (await this.status(id)) === status);
    return id;
  }
}
