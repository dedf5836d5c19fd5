import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstAppliance } from '../demo/context.ts';
import { rounds, seed } from './campaign.ts';
import { brokenPromises } from './kept-promises.ts';
import { bringModel, createLoopWorld, type LoopWorld } from './loop-world.ts';
import { createRecorder, type Recorder } from './lost-writes/recorder.ts';
import { closeLoop, newStudy } from './rounds.ts';
import { seeded } from './seeded.ts';
import { type Acknowledged, sendNoting } from './send-noting.ts';

// The plug is pulled while studies arrive, are assembled and go out. Afterwards every image that was answered with
// success is there, whole, and each result is at the PACS once. In the second campaign what was not synced is lost.

const setUpMsMax = 600_000;
const roundMsMax = 420_000;
/** Sending, quiet time, inference and delivery of the studies of a round. */
const momentMsMax = 5_000;
/** Longer than a busy machine takes from the plug to the next image: a part that stays alone is a study of its own. */
const completeAfterQuietS = 2;
const appliance = 'RAD-0001';

let world: LoopWorld;
let scratch: string;
let recorder: Recorder;

beforeAll(async () => {
  world = await createLoopWorld();
  await bringModel(world);
  const { config, data } = firstAppliance(world.demo);
  const settings = parse(readFileSync(config, 'utf8')) as object;
  writeFileSync(config, stringify({ ...settings, assembly: { complete_after_quiet_s: completeAfterQuietS } }));
  scratch = mkdtempSync(join(tmpdir(), 'power-cut-'));
  recorder = createRecorder(data, scratch);
}, setUpMsMax);

afterAll(async () => {
  await world?.close();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

const moments = (count: number, offset: number) => {
  const random = seeded(seed + offset);
  return Array.from({ length: count }, (_, i) => ({
    round: i + 1,
    ms: Math.floor(random() * momentMsMax),
    keptShare: random() < 0.5 ? 0 : random(),
    random,
  }));
};

/** Two studies come over two associations each, until the plug is pulled. */
async function sendUntilCut(name: string, ms: number, cut: () => Promise<void>) {
  const studies = [await newStudy(world, `${name}-a`), await newStudy(world, `${name}-b`)];
  const acknowledged: Acknowledged[] = [];
  const { dicom } = firstAppliance(world.demo);
  const halves = studies.flatMap(({ files }) => [files.slice(0, files.length / 2), files.slice(files.length / 2)]);
  const sending = halves.map((files) => sendNoting(dicom, files, (one) => acknowledged.push(one)));
  await sleep(ms);
  await cut();
  await Promise.all(sending);
  return { studies, acknowledged };
}

/** Everything promised is kept, and each study's results come to the PACS once, with the same bytes each time. */
async function expectKept({ studies, acknowledged }: Awaited<ReturnType<typeof sendUntilCut>>): Promise<void> {
  expect(brokenPromises(firstAppliance(world.demo).data, acknowledged)).toEqual([]);
  // Both are sent again at once: a part of a study that stays alone for the quiet time is a study to the appliance, and
  // gets a report of its own before that of the whole.
  const outcomes = await Promise.all(studies.map((study) => closeLoop(world, study)));
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ segmentations: 1, reports: 1, others: 0, changed: 0 });
}

const kills = rounds({ short: 3, long: 200 });
describe(`SIGKILL under load at ${kills} random moments (COLLIMATOR_FAULT_SEED=${seed})`, () => {
  beforeAll(async () => {
    await world.cutDown(appliance);
    await world.bringBack(appliance);
  });

  test.each(moments(kills, 0))('round $round: after $ms ms', { timeout: roundMsMax }, async ({ round, ms }) => {
    const sent = await sendUntilCut(`kill-${round}`, ms, () => world.cutDown(appliance));
    await world.bringBack(appliance);
    await expectKept(sent);
  });
});

const cuts = rounds({ short: 2, long: 20 });
describe(`power cuts that lose what was not synced, ${cuts} of them (COLLIMATOR_FAULT_SEED=${seed})`, () => {
  const startRecorded = async () => {
    recorder.begin();
    await world.bringBack(appliance, recorder.env);
  };
  beforeAll(async () => {
    await world.cutDown(appliance);
    await startRecorded();
  });

  test.each(moments(cuts, 1))(
    'round $round: after $ms ms, keeping $keptShare of what was not synced',
    { timeout: roundMsMax },
    async ({ round, ms, keptShare, random }) => {
      const sent = await sendUntilCut(`cut-${round}`, ms, () => world.cutDown(appliance));
      recorder.cutPower(() => random() < keptShare);
      await startRecorded();
      await expectKept(sent);
    },
  );
});
