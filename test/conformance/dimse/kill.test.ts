import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSeries } from './make-series.ts';
import { filesBelow, kill, readPart10, run, temporaryFolder, until } from './peers.ts';

const KILLS = 8;
/** In each round. */
const IMAGES = 30;
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
    const bytesOf = new Map<string, Buffer>();
    const uidOf = new Map<string, string>();
    const answered = new Set<string>();
    let cutShort = 0;

    async function makeImages(name: string): Promise<void> {
      for (const { path, sopInstanceUid, dataSet } of await makeSeries(join(folder.path, name), IMAGES, 256, random)) {
        uidOf.set(path, sopInstanceUid);
        bytesOf.set(sopInstanceUid, dataSet);
      }
    }

    async function send(port: number, files: readonly string[]): Promise<number> {
      const { code, output } = await run('storescu', ['-v', '-nh', '127.0.0.1', `${port}`, ...files]);
      let sending = '';
      for (const line of output.split('\n')) {
        sending = /Sending file: (.*)$/.exec(line)?.[1]?.trim() ?? sending;
        const uid = uidOf.get(sending);
        if (line.includes('Received Store Response (Success)') && uid !== undefined) answered.add(uid);
      }
      return code;
    }

    const indexed = async (): Promise<number> =>
      (await readFile(join(dataDir, 'index.jsonl'), 'utf8')).split('\n').filter((line) => line.endsWith('}')).length;

    /** Each instance that was ever answered lies whole in its place, and the index knows it. */
    async function check(): Promise<void> {
      const stored = new Map<string, Buffer>();
      for (const path of await filesBelow(join(dataDir, 'studies'))) {
        const { sopInstanceUid, dataSet } = await readPart10(path);
        stored.set(sopInstanceUid, dataSet);
      }
      const index = await readFile(join(dataDir, 'index.jsonl'), 'utf8');
      const broken = [...answered].filter(
        (uid) => stored.get(uid)?.equals(bytesOf.get(uid) ?? Buffer.alloc(0)) !== true,
      );
      expect(broken).toEqual([]);
      expect([...answered].filter((uid) => !index.includes(uid))).toEqual([]);
    }

    for (let round = 0; round < KILLS; round += 1) {
      const before = uidOf.size;
      await makeImages(`series-${round}`);
      const port = await start(dataDir);
      const target = child;
      const known = await indexed();
      const sending = send(port, [...uidOf.keys()].slice(before));
      // The moment is drawn in instances, not in time, so that a slow machine is killed as often in the middle.
      const goal = known + Math.floor((random(4).readUInt32LE() / 2 ** 32) * IMAGES * 0.9);
      let done = false;
      void sending.finally(() => (done = true));
      await until('the moment has come', async () => done || (await indexed()) >= goal);
      if (target !== undefined) await kill(target, 'SIGKILL');
      if ((await sending) !== 0) cutShort += 1;
      await check();
    }
    expect(cutShort).toBeGreaterThan(KILLS / 2);

    const port = await start(dataDir);
    expect(await filesBelow(join(dataDir, 'incoming'))).toEqual([]);
    expect(await send(port, [...uidOf.keys()])).toBe(0);
    expect(answered.size).toBe(KILLS * IMAGES);
    await check();
    expect(await filesBelow(join(dataDir, 'studies'))).toHaveLength(KILLS * IMAGES);
    expect(await filesBelow(join(dataDir, 'quarantine'))).toEqual([]);
  }, 180_000);
});
