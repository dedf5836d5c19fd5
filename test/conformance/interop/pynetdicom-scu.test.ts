import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow, readPart10, until } from '../dimse/peers.ts';
import { type AgentWorld, partOf, source, startAgentWorld } from './agent-world.ts';
import { withNewUid } from './originals.ts';
import { interopPython, runPython } from './pynetdicom.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const COMMITMENT = '1.2.840.10008.1.20.1';

let world: AgentWorld;
beforeAll(async () => {
  await interopPython();
  world = await startAgentWorld((folder) => {
    writeFileSync(join(folder, 'passcode'), 'a passcode\n');
    const user = { name: 'ct1', passcode_file: join(folder, 'passcode') };
    return {
      dicom: { sources: [source('MODALITY'), source('KNOWN', { user })] },
      // One that is asked to commit, so that its reports are taken.
      destinations: [
        { ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port: 1 }, commitment: {} },
      ],
    };
  });
}, 240_000);
afterAll(() => world?.close());

const scu = <T>(scenario: string, ...args: readonly string[]): Promise<T> =>
  runPython<T>('scu.py', `${world.agent.dicomPort}`, scenario, ...args);
const fresh = (name: string): Promise<string> => withNewUid(name, world.folder);

/** Whether the agent has exactly these files in their places. */
async function expectStored(files: readonly string[]): Promise<void> {
  const sent = await Promise.all(files.map(async (file) => partOf(await readPart10(file))));
  const uids = new Set(sent.map((one) => one.sopInstanceUid));
  const kept = (await world.kept()).filter((one) => uids.has(one.sopInstanceUid));
  const byUid = (a: { sopInstanceUid: string }, b: { sopInstanceUid: string }): number =>
    a.sopInstanceUid < b.sopInstanceUid ? -1 : 1;
  expect(kept.toSorted(byUid)).toEqual(sent.map((one) => ({ ...one, place: 'studies' })).toSorted(byUid));
}

/** Of several SOP classes and transfer syntaxes. */
const kinds = [
  'CT_small.dcm',
  'MR_small_bigendian.dcm',
  'MR_small_RLE.dcm',
  'JPEG2000.dcm',
  'image_dfl.dcm',
  'rtplan.dcm',
  'waveform_ecg.dcm',
  'liver_1frame.dcm',
  'reportsi.dcm',
];

describe('pynetdicom as sender', () => {
  it.each(['store', 'store-small-pdus', 'store-any-pdu'])('stores several classes and syntaxes: %s', async (how) => {
    const files = await Promise.all(kinds.map(fresh));
    const { statuses } = await scu<{ statuses: number[] }>(how, ...files);
    expect(statuses).toEqual(kinds.map(() => 0));
    await expectStored(files);
  });

  it('stores what pydicom encoded again', async () => {
    const file = await fresh('CT_small.dcm');
    expect(await scu('encoded-again', file)).toEqual({ status: 0 });
    const { sopInstanceUid } = await readPart10(file);
    expect((await world.kept()).filter((one) => one.sopInstanceUid === sopInstanceUid)).toHaveLength(1);
  });

  it('echoes over and over on one association', async () => {
    expect(await scu('echo', '50')).toEqual({ statuses: [0], count: 50, released: true });
  });

  it('sends as many at a time as the window that was agreed has', async () => {
    const files = await Promise.all(kinds.slice(0, 6).map(fresh));
    // Six are asked for; of its two numbers we answer the one that we perform.
    expect(await scu('asynchronous', ...files)).toEqual({ accepted: [6, 1], answers: files.map(() => 0) });
    await expectStored(files);
  });

  it('is told the roles that we play', async () => {
    expect(await scu('roles')).toEqual({
      roles: { [CT]: [true, false], [COMMITMENT]: [false, true] },
      results: { [CT]: 0, [COMMITMENT]: 0 },
    });
  });

  it.each([
    ['abort-between', 'an A-ABORT after some of the fragments'],
    ['abort-inside', 'an A-ABORT where the rest of a fragment should be'],
    ['cut-inside', 'a connection that ends inside a fragment'],
  ])('%s: %s leaves nothing behind', async (scenario) => {
    const file = await fresh('CT_small.dcm');
    const { of } = await scu<{ of: number }>(scenario, file);
    expect(of).toBeGreaterThan(2);
    const incoming = join(world.agent.dataDir, 'incoming');
    await until('nothing is left of it', async () => (await filesBelow(incoming)).length === 0);
    const { sopInstanceUid } = await readPart10(file);
    expect((await world.kept()).filter((one) => one.sopInstanceUid === sopInstanceUid)).toEqual([]);
    // And the same object is taken whole afterwards.
    expect(await scu('store', file)).toEqual({ statuses: [0] });
    await expectStored([file]);
  });
});

/** Permanently, by the service user, without a reason: whoever is refused learns no more (PS3.8 Table 9-21). */
const rejected = { rejections: [[1, 1, 1]] };

describe('a user identity of pynetdicom', () => {
  it.each([
    ['name and passcode, confirmed', 'KNOWN', 2, 'ct1', 'a passcode', 'confirm', { confirmed: true, echo: 0 }],
    ['name and passcode', 'KNOWN', 2, 'ct1', 'a passcode', '', { confirmed: false, echo: 0 }],
    ['a wrong passcode', 'KNOWN', 2, 'ct1', 'another', 'confirm', rejected],
    ['a name only', 'KNOWN', 1, 'ct1', '', 'confirm', rejected],
    ['a Kerberos ticket', 'KNOWN', 3, 'ct1', '', 'confirm', rejected],
    ['a SAML assertion', 'KNOWN', 4, 'ct1', '', '', rejected],
    ['a JSON web token', 'KNOWN', 5, 'ct1', '', '', rejected],
    ['a name that nobody asked for is not confirmed', 'MODALITY', 1, 'x', '', 'confirm', { confirmed: false, echo: 0 }],
  ] as const)('%s', async (_, calling, kind, primary, secondary, confirm, outcome) => {
    expect(await scu('identity', calling, `${kind}`, primary, secondary, confirm)).toEqual(outcome);
  });
});
