import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSeries } from '../conformance/dimse/make-series.ts';
import { kill, pydicomFile, readPart10, run, temporaryFolder, until } from '../conformance/dimse/peers.ts';
import { readLog } from './received-log.ts';

const program = fileURLToPath(new URL('../dist/fakes/pacs-receiver.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  if (child !== undefined) await kill(child, 'SIGKILL');
  await folder.remove();
});

async function start(): Promise<{
  child: ChildProcess;
  port: number;
  send(files: readonly string[]): Promise<number>;
}> {
  const started = spawn(process.execPath, [program, '--ae-title', 'PACS', '--out', join(folder.path, 'out')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  let output = '';
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the receiver listens', () => /^listening \d+\n/.test(output));
  const port = Number(/\d+/.exec(output)?.[0]);
  return {
    child: started,
    port,
    send: async (files) => (await run('storescu', ['-aec', 'PACS', '127.0.0.1', `${port}`, ...files])).code,
  };
}

const instances = async () =>
  (await readLog(join(folder.path, 'out', 'log.jsonl'))).filter((line) => line.type === 'instance');

describe('the fake PACS', () => {
  it('stores, tells a repeat from the first, and equal bytes from others, across a kill', async () => {
    const [image] = await makeSeries(join(folder.path, 'series'), 1, 64, randomBytes);
    const path = image?.path ?? '';
    const other = join(folder.path, 'other.dcm');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = 0x0e;
    await writeFile(other, bytes);
    const first = await start();
    expect(await first.send([path])).toBe(0);
    await kill(first.child, 'SIGKILL');
    const second = await start();
    expect(await second.send([path])).toBe(0);
    expect(await second.send([other])).toBe(0);
    expect(await instances()).toMatchObject([
      { repeat: false, bytesEqual: true },
      { repeat: true, bytesEqual: true },
      { repeat: true, bytesEqual: false },
    ]);
    const [line] = await instances();
    const kept = await readPart10(join(folder.path, 'out', line?.file ?? ''));
    expect(kept.dataSet.length).toBe(line?.bytes);
    const gone = new Promise((resolve) => second.child.once('exit', resolve));
    second.child.kill('SIGTERM');
    expect(await gone).toBe(0);
    const events = (await readLog(join(folder.path, 'out', 'log.jsonl'))).filter((line) => line.type === 'association');
    expect(events.map((event) => event.event)).toEqual(
      Array.from({ length: 3 }, () => ['accepted', 'released']).flat(),
    );
  });

  it('refuses to be called by another name, and logs that', async () => {
    const receiver = await start();
    const path = await pydicomFile('CT_small.dcm');
    expect((await run('storescu', ['-aec', 'X', '127.0.0.1', `${receiver.port}`, path])).code).not.toBe(0);
    // The sender has its answer before the line about it is on the disk.
    const log = () => readLog(join(folder.path, 'out', 'log.jsonl'));
    await until('the rejection is logged', async () => (await log()).length > 0);
    expect(await log()).toMatchObject([{ type: 'association', event: 'rejected' }]);
  });

  it('has on disk whatever it answered, when killed in the middle', async () => {
    const series = await makeSeries(join(folder.path, 'series'), 40, 128, randomBytes);
    const files = series.map(({ path }) => path);
    const receiver = await start();
    const sending = receiver.send(files);
    await until('some are there', async () => (await instances()).length >= 10);
    await kill(receiver.child, 'SIGKILL');
    expect(await sending).not.toBe(0);
    const again = await start();
    expect(await again.send(files)).toBe(0);
    const lines = await instances();
    expect(new Set(lines.map((line) => line.sopInstanceUid)).size).toBe(40);
    expect(lines.every((line) => line.bytesEqual)).toBe(true);
    for (const { sopInstanceUid, dataSet } of series) {
      const line = lines.find((one) => one.sopInstanceUid === sopInstanceUid);
      expect((await readPart10(join(folder.path, 'out', line?.file ?? ''))).dataSet.equals(dataSet)).toBe(true);
    }
    expect(await readFile(join(folder.path, 'out', 'log.jsonl'), 'utf8')).toMatch(/\n$/);
  });
});
