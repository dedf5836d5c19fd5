import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import dicomParser from 'dicom-parser';
import { firstAppliance } from '../demo/context.ts';
import { checkout } from '../demo/checkout.ts';
import { descendantsOf } from '../demo/programs.ts';
import { waitFor } from '../demo/wait.ts';
import { writeMrSeries } from '../fixtures/mr-series/make-series.ts';
import type { LoopWorld, ProgramName } from './loop-world.ts';
import { sendUntilStored } from './send-until-stored.ts';
import { type StudyOutcome, studyOutcome } from './study-outcome.ts';

/** Enough slices for the release's selector, few enough for many rounds. */
const block = { first: 30, count: 24 };
const roundMsMax = 180_000;
/** After the last delivery a late repeat would still have to show itself. */
const settleMs = 500;

export type Study = { readonly uid: string; readonly files: readonly string[] };

/** A study of its own for each round: the same head under other UIDs. */
export async function newStudy(world: LoopWorld, seed: string): Promise<Study> {
  const out = join(world.demo.layout.series, seed);
  const volume = join(checkout, 'test', 'fixtures', 'brain-t1', 't1.nii.gz');
  await writeMrSeries({ volume, out, seed, block, syntaxes: ['explicit'] });
  const folder = join(out, 'explicit');
  const files = readdirSync(folder).map((file) => join(folder, file));
  const first = dicomParser.parseDicom(readFileSync(files[0] ?? ''), { untilTag: 'x0020000d' });
  return { uid: first.string('x0020000d') ?? '', files };
}

/** Sends a study until every image was acknowledged, and waits until its results are at the PACS. */
export async function closeLoop(world: LoopWorld, study: Study): Promise<StudyOutcome> {
  await sendUntilStored(firstAppliance(world.demo).dicom, study.files, '--propose-little');
  const { pacs } = world.demo.layout;
  await waitFor(
    async () => {
      const { segmentations, reports } = await studyOutcome(pacs, study.uid);
      return segmentations > 0 && reports > 0 ? true : undefined;
    },
    { what: 'the results of a round', timeoutMs: roundMsMax },
  );
  await waitFor(async () => ((await pendingDeliveries(world)) === 0 ? true : undefined), {
    what: 'the last delivery of a round',
    timeoutMs: roundMsMax,
  });
  await sleep(settleMs);
  return studyOutcome(pacs, study.uid);
}

async function pendingDeliveries(world: LoopWorld): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${firstAppliance(world.demo).localApi}/v1/status`);
  return ((await answer.json()) as { deliveries: { pending: number } }).deliveries.pending;
}

/** Kills a program, or the device worker of the appliance, after a while. Returns whether there was one to kill. */
export async function killAfter(world: LoopWorld, victim: ProgramName | 'worker', ms: number): Promise<boolean> {
  await sleep(ms);
  if (victim !== 'worker') {
    world.program(victim).kill('SIGKILL');
    return true;
  }
  const [child] = descendantsOf(world.program('RAD-0001').pid ?? 0);
  if (child === undefined) return false;
  process.kill(child, 'SIGKILL');
  return true;
}
