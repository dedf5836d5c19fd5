import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { firstAppliance } from '../../demo/context.ts';
import { waitFor } from '../../demo/wait.ts';
import { brokenPromises } from '../kept-promises.ts';
import { bringModel, createLoopWorld, type LoopWorld } from '../loop-world.ts';
import { compilePreloaded } from '../preloaded-library.ts';
import { closeLoop, newStudy } from '../rounds.ts';
import { type Acknowledged, sendNoting } from '../send-noting.ts';
import { studyOutcome } from '../study-outcome.ts';

// The disk is full at one stage of a study's way: what cannot be stored is refused with A700, nothing is left lying
// about, what was acknowledged stays, and all goes on by itself when there is room again.

const setUpMsMax = 600_000;
const testMsMax = 180_000;
const OUT_OF_RESOURCES = 0xa700;
const once = { segmentations: 1, reports: 1, others: 0, changed: 0 };

let world: LoopWorld;
let scratch: string;
let fullSwitch: string;

/** The disk is full for files whose path holds this. */
const fill = (part: string): void => writeFileSync(fullSwitch, part);
const clear = (): void => rmSync(fullSwitch, { force: true });

beforeAll(async () => {
  world = await createLoopWorld();
  await bringModel(world);
  scratch = mkdtempSync(join(tmpdir(), 'disk-full-'));
  fullSwitch = join(scratch, 'switch');
  await world.cutDown('RAD-0001');
  await world.bringBack('RAD-0001', {
    LD_PRELOAD: compilePreloaded('disk-full/full-disk.c', scratch),
    FULL_DISK_FOLDER: firstAppliance(world.demo).data,
    FULL_DISK_SWITCH: fullSwitch,
    // Writes through io_uring would pass the library by.
    UV_USE_IO_URING: '0',
  });
}, setUpMsMax);

afterAll(async () => {
  await world?.close();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

afterEach(clear);

const left = (): string[] => readdirSync(join(firstAppliance(world.demo).data, 'incoming'));

test.each([
  ['while an image is received', 'incoming/'],
  ['while an image takes its place', 'studies/'],
  ['while the index is committed', 'agent.sqlite'],
])(
  '%s: A700, nothing left lying about, and all is well with room again',
  { timeout: testMsMax },
  async (_when, part) => {
    const { dicom, data } = firstAppliance(world.demo);
    const study = await newStudy(world, `full-${part.length}`);
    const acknowledged: Acknowledged[] = [];
    const note = (one: Acknowledged): void => void acknowledged.push(one);
    // Half of the study is there when the disk fills.
    const before = await sendNoting(dicom, study.files.slice(0, 12), note);
    expect(before).toEqual(Array.from({ length: 12 }, () => 0));
    fill(part);
    const refused = await sendNoting(dicom, study.files.slice(12, 16), note);
    expect(refused).toEqual(Array.from({ length: 4 }, () => OUT_OF_RESOURCES));
    expect(left()).toEqual([]);
    clear();
    expect(await closeLoop(world, study)).toMatchObject(once);
    expect(brokenPromises(data, acknowledged)).toEqual([]);
  },
);

test('while a result is written: the job waits, and its result comes with room again', {
  timeout: testMsMax,
}, async () => {
  const { dicom, data } = firstAppliance(world.demo);
  const study = await newStudy(world, 'full-results');
  const acknowledged: Acknowledged[] = [];
  fill('results/');
  await sendNoting(dicom, study.files, (one) => acknowledged.push(one));
  expect(acknowledged).toHaveLength(study.files.length);
  await waitFor(async () => ((await attempts()) > 0 ? true : undefined), {
    what: 'an attempt at the result',
    timeoutMs: 60_000,
  });
  await sleep(1_000);
  expect(await studyOutcome(world.demo.layout.pacs, study.uid)).toMatchObject({ segmentations: 0, reports: 0 });
  clear();
  expect(await closeLoop(world, study)).toMatchObject(once);
  expect(brokenPromises(data, acknowledged)).toEqual([]);
});

/** Jobs that were put back in the queue, as the log of the appliance tells. */
async function attempts(): Promise<number> {
  const log = await readFile(join(world.demo.layout.logs, 'RAD-0001.log'), 'utf8');
  return log.split('\n').filter((line) => line.includes('"job-requeued"')).length;
}
