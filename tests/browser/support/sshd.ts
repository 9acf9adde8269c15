import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, until } from './drover.ts';

/** A real sshd on a free loopback port, with fresh keys; root signs in with `${folder}/client`. */
export class Sshd {
  private process?: ChildProcess;
  private log = '';

  private constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  /** The private key that may sign in. */
  get keyFile() {
    return join(this.folder, 'client');
  }

  static async start(): Promise<Sshd> {
    mkdirSync('/run/sshd', { recursive: true });
    // Below /run: sshd trusts authorized_keys only in folders that nobody else can write.
    const sshd = new Sshd(mkdtempSync('/run/drover-browser-'), await freePort());
    keygen(join(sshd.folder, 'client'), ['-m', 'PEM', '-t', 'rsa', '-b', '2048']);
    copyFileSync(join(sshd.folder, 'client.pub'), join(sshd.folder, 'authorized'));
    writeFileSync(
      join(sshd.folder, 'config'),
      `ListenAddress 127.0.0.1:${sshd.port}
HostKey ${sshd.folder}/host
AuthorizedKeysFile ${sshd.folder}/authorized
PidFile none
PermitRootLogin yes
UsePAM no
LogLevel VERBOSE
`,
    );
    await sshd.restartWithNewHostKey();
    return sshd;
  }

  async restartWithNewHostKey() {
    await this.stop();
    rmSync(join(this.folder, 'host'), { force: true });
    rmSync(join(this.folder, 'host.pub'), { force: true });
    keygen(join(this.folder, 'host'), ['-t', 'ed25519']);
    this.log = '';
    this.process = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(this.folder, 'config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.process.stderr!.on('data', (bytes) => (this.log += bytes));
    await until('sshd listens', () => /Server listening/.test(this.log));
  }

  async stop() {
    const running = this.process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((done) => running.once('exit', done));
    // With the processes of its connections: they are children in sessions of their own.
    for (const pid of [...childrenOf(running.pid!), running.pid!]) process.kill(pid, 'SIGKILL');
    await ended;
  }

  async dispose() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [...childrenOf(child), child]);
}

function keygen(file: string, args: string[]) {
  execFileSync('ssh-keygen', ['-q', '-N', '', '-f', file, ...args]);
}
