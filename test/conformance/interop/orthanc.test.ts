import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Orthanc, startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { applianceTitle } from '../../integration/agent/appliance.ts';
import { readPart10, until } from '../dimse/peers.ts';
import { type AgentWorld, type Kept, partOf, source, startAgentWorld } from './agent-world.ts';
import { withNewUid } from './originals.ts';

type Report = {
  readonly Status: 'Pending' | 'Success' | 'Failure';
  readonly Success: readonly { readonly SOPInstanceUID: string }[];
  readonly Failures: readonly { readonly SOPInstanceUID: string; readonly FailureReason: number }[];
};

type Sent = { readonly StorageCommitmentTransactionUID: string };
type Asked = { readonly ID: string };

const unknown = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '1.2.3.4.5' };
const kinds = ['CT_small.dcm', 'MR_small_RLE.dcm', 'JPEG2000.dcm', 'MR_small_jpeg_ls_lossless.dcm', 'rtplan.dcm'];

let orthanc: Orthanc;
/** Two agents: `refusing` as it comes, and `committing`, that asks Orthanc on behalf of others. */
let refusing: AgentWorld;
let committing: AgentWorld;

beforeAll(async () => {
  const [dicomPort = 0, httpPort = 0] = await freePorts(2);
  const pacs = { name: 'pacs', kind: 'dimse', ae_title: 'ORTHANC', host: '127.0.0.1', port: dicomPort };
  const sources = [source('ORTHANC', { commitment: { host: '127.0.0.1', port: dicomPort } })];
  refusing = await startAgentWorld(() => ({ dicom: { sources }, destinations: [pacs] }));
  committing = await startAgentWorld(() => ({
    dicom: { sources, storage_commitment: { after_pacs: 'pacs', give_up_s: 3 } },
    destinations: [{ ...pacs, commitment: { wait_s: 2 }, retry: { first_s: 0.1, most_s: 0.3 } }],
  }));
  const modality = ({ agent }: AgentWorld): object => ({
    ...{ AET: applianceTitle, Host: '127.0.0.1', Port: agent.dicomPort, AllowStorageCommitment: true },
  });
  orthanc = await startOrthanc({
    ...{ folder: join(refusing.folder, 'orthanc'), aeTitle: 'ORTHANC', dicomPort, httpPort },
    appliance: { aeTitle: applianceTitle, port: refusing.agent.dicomPort },
    settings: { DicomModalities: { refusing: modality(refusing), committing: modality(committing) } },
  });
});
afterAll(async () => {
  await orthanc?.stop();
  await refusing?.close();
  await committing?.close();
});

const uploaded = async (): Promise<string[]> =>
  orthanc.upload(await Promise.all(kinds.map((name) => withNewUid(name, refusing.folder))));
const store = (to: 'refusing' | 'committing', names: readonly string[], more: object = {}): Promise<unknown> =>
  orthanc.rest('POST', `/modalities/${to}/store`, { Resources: names, Synchronous: true, ...more });

/** What Orthanc has of them, as the agent would have it. */
async function partsOf(names: readonly string[]): Promise<Kept[]> {
  const parts: Kept[] = [];
  for (const name of names) {
    const file = join(refusing.folder, `${name}.out`);
    await writeFile(file, await orthanc.file(name));
    parts.push({ ...partOf(await readPart10(file)), place: 'studies' });
  }
  return parts;
}

async function commitment(id: string): Promise<Report> {
  const path = `/storage-commitment/${id}`;
  await until('Orthanc has its report', async () => ((await orthanc.rest('GET', path)) as Report).Status !== 'Pending');
  return (await orthanc.rest('GET', path)) as Report;
}
const byUid = (a: Kept, b: Kept): number => (a.sopInstanceUid < b.sopInstanceUid ? -1 : 1);

describe('Orthanc as sender', () => {
  it('echoes, and stores several classes and syntaxes byte for byte', async () => {
    await orthanc.rest('POST', '/modalities/refusing/echo', {});
    const names = await uploaded();
    expect(await store('refusing', names)).toMatchObject({ FailedInstancesCount: 0, InstancesCount: kinds.length });
    expect((await refusing.kept()).toSorted(byUid)).toEqual((await partsOf(names)).toSorted(byUid));
    // Again is a success and changes nothing.
    expect(await store('refusing', names)).toMatchObject({ FailedInstancesCount: 0 });
    expect(await refusing.kept()).toHaveLength(kinds.length);
  });

  it('is refused when it asks to commit, unless that is configured', async () => {
    const asked = orthanc.rest('POST', '/modalities/refusing/storage-commitment', { DicomInstances: [unknown] });
    await expect(asked).rejects.toThrow(/Orthanc POST/);
  });

  it('asks to commit what it sent, and is told so after the PACS, here itself, has committed it', async () => {
    const sent = await store('committing', await uploaded(), { StorageCommitment: true });
    const report = await commitment((sent as Sent).StorageCommitmentTransactionUID);
    expect(report).toMatchObject({ Status: 'Success', Failures: [] });
    const committed = report.Success.map((one) => one.SOPInstanceUID).toSorted();
    expect(committed).toEqual((await committing.kept()).map((one) => one.sopInstanceUid).toSorted());
  });

  it('is told what the PACS does not have', async () => {
    const body = { DicomInstances: [unknown] };
    const { ID } = (await orthanc.rest('POST', '/modalities/committing/storage-commitment', body)) as Asked;
    const failures = [{ SOPInstanceUID: unknown.SOPInstanceUID }];
    expect(await commitment(ID)).toMatchObject({ Status: 'Failure', Success: [], Failures: failures });
  });
});

describe('Orthanc as destination', () => {
  it("gets the agent's test object", async () => {
    const before = ((await orthanc.rest('GET', '/instances')) as string[]).length;
    const sent = await refusing.agent.command('peers', 'test-send', 'pacs', '-o', 'json');
    expect(sent.stderr).toBe('');
    expect(JSON.parse(sent.stdout)).toMatchObject([{ name: 'pacs', status: '0000H' }]);
    expect((await orthanc.rest('GET', '/instances')) as string[]).toHaveLength(before + 1);
  });
});
