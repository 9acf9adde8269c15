import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, until } from './drover.ts';

const PROGRAM = process.env.WEBSHOP_PROGRAM ?? resolve(import.meta.dirname, '../../../samples/WebShop/bin/Release/net10.0/WebShop.dll');

/** The sample: somebody's own program with the dashboard below /drover and a sign-in of its own. */
export class WebShop {
  readonly password = 'for operators only';
  private readonly folder = mkdtempSync(join(tmpdir(), 'drover-webshop-'));
  private process!: ChildProcess;

  private constructor(readonly url: string) {}

  static async start(): Promise<WebShop> {
    const shop = new WebShop(`http://127.0.0.1:${await freePort()}`);
    let printed = '';
    shop.process = spawn('dotnet', [PROGRAM, '--urls', shop.url, '--Jobs', join(shop.folder, 'jobs'), '--OpsPassword', shop.password], {
      cwd: shop.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [shop.process.stdout!, shop.process.stderr!]) stream.on('data', (bytes) => (printed += bytes));
    await until('the shop is open', () => {
      if (shop.process.exitCode !== null) throw new Error(`the shop ended with ${shop.process.exitCode}:\n${printed}`);
      return printed.includes('Now listening on');
    });
    return shop;
  }

  async dispose() {
    if (this.process.exitCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done));
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
