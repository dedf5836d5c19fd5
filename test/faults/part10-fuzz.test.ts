import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readKeyObject } from '@collimator/edge-agent/study/decode/key-object';
import { sliceHeadersOf } from '@collimator/edge-agent/study/decode/frame-headers';
import { imageHeadOf } from '@collimator/edge-agent/study/decode/image-head';
import { parsePart10, PIXEL_DATA } from '@collimator/edge-agent/study/decode/part10';
import { readHeader } from '@collimator/edge-agent/study/receive/header/head-reader';
import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { part10Parts } from '../demo/part10-parts.ts';
import { inputs } from './campaign.ts';
import { mutate, someEdits } from './mutations.ts';

// Files of many vendors, broken in many ways, through everything that reads a data set: each is read or refused, in
// bounded time and memory.

const INPUTS = inputs({ short: 1_500, long: 100_000 });
const testMsMax = 3_600_000;
/** A guard against a hang: the costliest header takes half a second on an idle machine. */
const INPUT_MS_MAX = 10_000;
const GROWTH_BYTES_MAX = 600 * 1024 * 1024;
/** Headers are what is broken here; long pixel data would only make it slow. */
const SEED_BYTES_MAX = 150_000;

const folder = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
/** A file, and where its data set begins. */
const seeds = readdirSync(folder)
  .filter((name) => name.endsWith('.dcm') && statSync(join(folder, name)).size <= SEED_BYTES_MAX)
  .toSorted()
  .map((name) => readFileSync(join(folder, name)))
  .flatMap((file) => {
    try {
      const { dataSet, transferSyntaxUid } = part10Parts(file);
      return [{ file, meta: file.subarray(0, file.length - dataSet.length), dataSet, transferSyntaxUid }];
    } catch {
      return []; // Some files of the set have no usable meta information: nothing would be left to break.
    }
  });
const syntaxes = [...transferSyntaxes.keys()];

const input = fc.record({
  seed: fc.nat(0xffff),
  syntax: fc.nat(0xffff),
  /** Most changes into the first bytes, where the header is. */
  headShare: fc.constantFrom(0.02, 0.1, 1),
  edits: someEdits,
  noise: fc.uint8Array({ maxLength: 64 }),
});

test(`${INPUTS} broken Part 10 files`, { timeout: testMsMax }, async () => {
  expect(seeds.length).toBeGreaterThan(40);
  const before = process.memoryUsage().rss;
  let slowestMs = 0;
  let headers = 0;
  let files = 0;
  for (const one of fc.sample(input, INPUTS)) {
    const seed = seeds[one.seed % seeds.length];
    if (seed === undefined) throw new Error('no seeds');
    const dataSet = Buffer.from(seed.dataSet);
    const head = Math.ceil(dataSet.length * one.headShare);
    const broken = Buffer.concat([mutate(dataSet.subarray(0, head), one), dataSet.subarray(head)]);
    // Mostly the file meta information stays what it was: a file that says DICM no more is refused at once.
    const file = one.syntax % 8 === 0 ? mutate(seed.file, one) : Buffer.concat([seed.meta, broken]);
    const received = one.syntax % 4 === 0 ? syntaxes[one.syntax % syntaxes.length] : seed.transferSyntaxUid;
    const begun = performance.now();
    if (await readReceived(broken, received ?? '')) headers += 1;
    if (readBack(file)) files += 1;
    slowestMs = Math.max(slowestMs, performance.now() - begun);
  }
  const grown = process.memoryUsage().rss - before;
  process.stdout.write(
    `${INPUTS} broken files: ${headers} headers and ${files} files still readable; slowest ${slowestMs.toFixed(0)} ms, memory +${Math.round(grown / 1e6)} MB\n`,
  );
  expect(slowestMs).toBeLessThan(INPUT_MS_MAX);
  expect(grown).toBeLessThan(GROWTH_BYTES_MAX);
});

/** As received: the syntax is the association's, whatever the data set is. */
async function readReceived(dataSet: Buffer, syntaxUid: string): Promise<boolean> {
  const source = {
    read: (into: Buffer, offset: number, length: number, position: number) =>
      Promise.resolve({ bytesRead: dataSet.copy(into, offset, position, position + length) }),
  };
  return (await readHeader(source, 0, dataSet.length, syntaxUid)).ok;
}

/** As inference and rejection notes read it back from a file. */
function readBack(file: Buffer): boolean {
  imageHeadOf(file);
  readKeyObject(file);
  const parsed = parsePart10(file, PIXEL_DATA);
  return parsed.ok && sliceHeadersOf(parsed.value).ok;
}
