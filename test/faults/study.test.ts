import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds, seed } from './campaign.ts';
import { bringModel, createLoopWorld, type LoopWorld, type ProgramName } from './loop-world.ts';
import { closeLoop, killAfter, newStudy } from './rounds.ts';
import { seeded } from './seeded.ts';

// A power cut at any moment of a study's way: after the restart there is one SEG and one SR in the PACS, and whatever
// came twice came with the same bytes.

const setUpMsMax = 600_000;
const roundMsMax = 420_000;
const randomRounds = rounds({ short: 5, long: 50 });
/** Within a round: sending, quiet time, inference and delivery. */
const randomMsMax = 6_000;

const once = { segmentations: 1, reports: 1, others: 0, changed: 0 };

let world: LoopWorld;

beforeAll(async () => {
  world = await createLoopWorld();
  await bringModel(world);
}, setUpMsMax);

afterAll(() => world?.close());

describe("SIGKILL at a named point of a study's way", () => {
  const points: readonly (readonly [ProgramName, string])[] = [
    ['RAD-0001', 'instance-committed'],
    ['RAD-0001', 'study-assembled'],
    ['RAD-0001', 'job-queued'],
    ['RAD-0001', 'job-running'],
    ['RAD-0001', 'worker-inferred'],
    ['RAD-0001', 'results-stored'],
    ['RAD-0001', 'delivery-sent-before-noted'],
    ['RAD-0001', 'delivery-noted'],
    ['pacs', 'pacs-stored'],
  ];

  test.each(points)('%s at %s', { timeout: roundMsMax }, async (program, point) => {
    const study = await newStudy(world, point);
    const killed = await world.armKill(program, point);
    const outcome = await closeLoop(world, study);
    expect(killed(), 'the point was reached and the process killed').toBe(true);
    expect(outcome).toMatchObject(once);
  });
});

describe(`SIGKILL at ${randomRounds} random moments (COLLIMATOR_FAULT_SEED=${seed})`, () => {
  const random = seeded(seed);
  const victims = ['RAD-0001', 'worker', 'pacs', 'hub'] as const;
  const rounds = Array.from({ length: randomRounds }, (_, i) => ({
    round: i + 1,
    victim: victims[Math.floor(random() * victims.length)] ?? 'RAD-0001',
    ms: Math.floor(random() * randomMsMax),
  }));

  test.each(rounds)('round $round: $victim after $ms ms', { timeout: roundMsMax }, async ({ round, victim, ms }) => {
    const study = await newStudy(world, `random-${round}`);
    const [outcome] = await Promise.all([closeLoop(world, study), killAfter(world, victim, ms)]);
    expect(outcome).toMatchObject(once);
  });
});
