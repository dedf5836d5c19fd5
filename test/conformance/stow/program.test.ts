import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeFileMeta } from '@collimator/edge-agent/study/receive/disk/file-meta';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeSeries } from '../dimse/make-series.ts';
import { filesBelow, kill, readPart10, temporaryFolder, until } from '../dimse/peers.ts';
import { BOUNDARY, bodyOf, outcomesOf, post } from './posting.ts';
import { bearer } from './stow-node.ts';

const KILLS = 4;
/** In each round. */
const IMAGES = 24;
const entry = fileURLToPath(new URL('../../dist/conformance/stow/stow-program.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dataDir: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  dataDir = join(folder.path, 'data');
  await mkdir(dataDir);
});
afterEach(async () => {
  if (child !== undefined) await kill(child, 'SIGKILL');
  await folder.remove();
});

async function start(): Promise<string> {
  const started = spawn(process.execPath, [entry, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  let output = '';
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the node listens', () => /listening \S+\n/.test(output));
  return /listening (\S+)/.exec(output)?.[1] ?? '';
}

const indexed = async (): Promise<string[]> =>
  (await readFile(join(dataDir, 'index.jsonl'), 'utf8')).split('\n').filter((line) => line.endsWith('}'));

it(`keeps every instance it named as stored, and nothing half, over ${KILLS} kills`, async () => {
  const bytesOf = new Map<string, Buffer>();
  const answered = new Set<string>();
  let cutShort = 0;
  const files: Buffer[] = [];

  async function send(url: string, some: readonly Buffer[]): Promise<void> {
    // Several requests, so that some are answered before the kill.
    for (let at = 0; at < some.length; at += 4) {
      const answer = await post(url, bodyOf(some.slice(at, at + 4)), bearer);
      for (const [uid, status] of Object.entries(outcomesOf(answer).named)) if (status === 0) answered.add(uid);
    }
  }

  async function check(): Promise<void> {
    const stored = new Map<string, Buffer>();
    for (const path of await filesBelow(join(dataDir, 'studies'))) {
      const { sopInstanceUid, dataSet } = await readPart10(path);
      stored.set(sopInstanceUid, dataSet);
    }
    const index = (await indexed()).join();
    const lost = [...answered].filter((uid) => stored.get(uid)?.equals(bytesOf.get(uid) ?? Buffer.alloc(0)) !== true);
    expect(lost).toEqual([]);
    expect([...answered].filter((uid) => !index.includes(uid))).toEqual([]);
    expect([...stored].filter(([uid, bytes]) => bytesOf.get(uid)?.equals(bytes) !== true)).toEqual([]);
  }

  for (let round = 0; round < KILLS; round += 1) {
    const before = files.length;
    for (const made of await makeSeries(join(folder.path, `series-${round}`), IMAGES, 256, randomBytes)) {
      bytesOf.set(made.sopInstanceUid, made.dataSet);
      files.push(await readFile(made.path));
    }
    const url = await start();
    const goal = (await indexed()).length + 1 + randomInt(Math.floor(IMAGES * 0.7));
    let done = false;
    const sending = send(url, files.slice(before))
      .catch(() => (cutShort += 1))
      .finally(() => (done = true));
    await until('the moment has come', async () => done || (await indexed()).length >= goal);
    if (child !== undefined) await kill(child, 'SIGKILL');
    await sending;
    await check();
  }
  expect(cutShort).toBeGreaterThan(0);
  await send(await start(), files);
  expect(answered.size).toBe(KILLS * IMAGES);
  await check();
  expect(await filesBelow(join(dataDir, 'incoming'))).toEqual([]);
  expect(await filesBelow(join(dataDir, 'quarantine'))).toEqual([]);
}, 120_000);

it('takes a part of 300 MB in a fraction of its size in memory', async () => {
  const [made] = await makeSeries(join(folder.path, 'one'), 1, 64, randomBytes);
  const dataSet = made?.dataSet ?? Buffer.alloc(0);
  const pixels = 300_000_000;
  const head = dataSet.subarray(0, dataSet.length - 64 * 64 * 2);
  head.writeUInt32LE(pixels, head.length - 4);
  const meta = encodeFileMeta({
    ...{ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: made?.sopInstanceUid ?? '' },
    ...{ transferSyntaxUid: '1.2.840.10008.1.2.1', sourceAeTitle: '' },
  });
  const url = await start();
  const piece = Buffer.alloc(1_000_000, 7);
  const answer = await post(
    url,
    [
      Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n\r\n`), meta, head]),
      ...Array.from({ length: pixels / piece.length }, () => piece),
      Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
    ],
    bearer,
  );
  expect(answer.status).toBe(200);
  const peakKib = Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${child?.pid}/status`, 'utf8'))?.[1]);
  // Less than the part; the program itself is most of it.
  expect(peakKib * 1024).toBeLessThan(180_000_000);
}, 120_000);
