import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentWorld, type Kept, startAgentWorld } from './agent-world.ts';
import { pydicomDataFolder, runPython } from './pynetdicom.ts';
import { exceptions, stored, type Told } from './test-set-outcomes.ts';

/** One file as send-test-set.py announces it, and what it was told. */
type Sent = {
  readonly file: string;
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  readonly transferSyntaxUid?: string;
  readonly sha256?: string;
  readonly status?: number | null;
};

const folders = ['/usr/lib/python3/dist-packages/pydicom/data', await pydicomDataFolder()];
const listed = await runPython<Sent[]>('send-test-set.py', 'list', ...folders);

/** Where an object with these bytes is to be: what comes again under its UID with other bytes is set aside, acknowledged. */
function placeOf(one: Sent, told: Told['told']): Kept['place'] | undefined {
  if (told !== '0000') return told === 'C000' ? 'quarantine' : undefined;
  const first = listed.find(
    (other) => other.sopInstanceUid === one.sopInstanceUid && exceptions[other.file] === undefined,
  );
  return first?.sha256 === one.sha256 ? 'studies' : 'quarantine';
}

let world: AgentWorld;
let answers: Map<string, Sent>;
let kept: Map<string, Kept>;
beforeAll(async () => {
  world = await startAgentWorld();
  const sent = await runPython<Sent[]>('send-test-set.py', `${world.agent.dicomPort}`, ...folders);
  answers = new Map(sent.map((one) => [one.file, one]));
  kept = new Map((await world.kept()).map((one) => [one.sha256, one]));
});
afterAll(() => world?.close());

const toldTo = ({ status }: Sent): Told['told'] => {
  if (status === undefined) return 'nothing';
  return status === null ? 'no context' : (status.toString(16).toUpperCase().padStart(4, '0') as Told['told']);
};

describe("every file of pydicom's test sets", () => {
  it('is here', () => {
    expect(listed.length).toBeGreaterThanOrEqual(258);
    expect(Object.keys(exceptions).filter((name) => !listed.some(({ file }) => file === name))).toEqual([]);
  });

  const expectations = listed.map((one) => ({ one, told: exceptions[one.file] ?? stored }));
  it.each(expectations.map(({ one, told }) => [one.file, told.told, told.because, one] as const))(
    '%s is told %s: %s',
    (file, told, because, one) => {
      const answer = answers.get(file);
      expect(answer === undefined ? 'not tried' : toldTo(answer), because).toBe(told);
      const { place, transferSyntaxUid, sopInstanceUid } = kept.get(one.sha256 ?? '') ?? {};
      const expected = placeOf(one, told);
      expect(place, because).toBe(expected);
      const announced: Partial<Sent> = expected === undefined ? {} : one;
      expect({ transferSyntaxUid, sopInstanceUid }).toEqual({
        transferSyntaxUid: announced.transferSyntaxUid,
        sopInstanceUid: announced.sopInstanceUid,
      });
    },
  );

  it('is all that the agent has', () => {
    const sent = new Set([...answers.values()].filter((one) => one.status !== undefined).map((one) => one.sha256));
    expect([...kept.values()].filter((one) => !sent.has(one.sha256))).toEqual([]);
  });
});
