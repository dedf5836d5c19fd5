import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSeries } from './make-series.ts';
import { filesBelow, kill, readPart10, run, temporaryFolder, until } from './peers.ts';

const KILLS = 8;
const IMAGES = 60;
const entry = fileURLToPath(new URL('../../dist/conformance/dimse/receiving-node.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  if (child !== undefined) await kill(child, 'SIGKILL');
  await folder.remove();
});

/** Random numbers that a printed seed gives again. */
function seeded(seed: number): (bytes: number) => Buffer {
  let count = 0;
  return (bytes) =>
    createHash('sha512')
      .update(`${seed}:${(count += 1)}`)
      .digest()
      .subarray(0, bytes);
}

async function start(dataDir: string): Promise<number> {
  const started = spawn(process.execPath, [entry, dataDir, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  let output = '';
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the node listens', () => /listening \d+\n/.test(output));
  return Number(/listening (\d+)/.exec(output)?.[1]);
}

describe('a node that is killed', () => {
  it(`keeps every instance it answered with success, over ${KILLS} kills`, async () => {
    const seed = Number(process.env['COLLIMATOR_TEST_SEED'] ?? randomInt(2 ** 31));
    process.stdout.write(`seed ${seed}\n`);
    const random = seeded(seed);
    const dataDir = join(folder.path, 'data');
    await mkdir(dataDir);
    const series = await makeSeries(join(folder.path, 'series'), IMAGES, 256, random);
    const bytesOf = new Map(series.map(({ sopInstanceUid, dataSet }) => [sopInstanceUid, dataSet]));
    const uidOf = new Map(series.map(({ path, sopInstanceUid }) => [path, sopInstanceUid]));
    const answered = new Set<string>();
    let cutShort = 0;

    async function sendAll(port: number): Promise<number> {
      const { code, output } = await run('storescu', [
        '-v',
        '-nh',
        '127.0.0.1',
        `${port}`,
        ...series.map(({ path }) => path),
      ]);
      let sending = '';
      for (const line of output.split('\n')) {
        sending = /Sending file: (.*)$/.exec(line)?.[1]?.trim() ?? sending;
        const uid = uidOf.get(sending);
        if (/Received Store Response \(Success\)/.test(line) && uid !== undefined) answered.add(uid);
      }
      return code;
    }

    /** Each instance that was ever answered lies whole in its place, and the index knows it. */
    async function check(): Promise<void> {
      const stored = new Map<string, Buffer>();
      for (const path of await filesBelow(join(dataDir, 'studies'))) {
        const { sopInstanceUid, dataSet } = await readPart10(path);
        stored.set(sopInstanceUid, dataSet);
      }
      const index = await readFile(join(dataDir, 'index.jsonl'), 'utf8');
      for (const uid of answered) {
        expect(stored.get(uid)?.equals(bytesOf.get(uid) ?? Buffer.alloc(0)), `${uid} is whole`).toBe(true);
        expect(index, `${uid} is in the index`).toContain(uid);
      }
    }

    for (let round = 0; round < KILLS; round += 1) {
      const port = await start(dataDir);
      const target = child;
      const sending = sendAll(port);
      // The moment is drawn in answers given, not in time, so that a slow machine is killed as often in the middle:
      // some way into the first sending, then while what is known comes again and the rest for the first time.
      const goal = Math.floor((random(4).readUInt32LE() / 2 ** 32) * IMAGES * 0.9);
      let done = false;
      void sending.finally(() => (done = true));
      await until('the moment has come', () => done || progress >= goal);
      if (target !== undefined) await kill(target, 'SIGKILL');
      if ((await sending) !== 0) cutShort += 1;
      await check();
    }
    expect(cutShort).toBeGreaterThan(0);

    const port = await start(dataDir);
    expect(await filesBelow(join(dataDir, 'incoming'))).toEqual([]);
    expect(await sendAll(port)).toBe(0);
    expect(answered.size).toBe(IMAGES);
    await check();
    expect(await filesBelow(join(dataDir, 'studies'))).toHaveLength(IMAGES);
    expect(await filesBelow(join(dataDir, 'quarantine'))).toEqual([]);
  }, 180_000);
});
