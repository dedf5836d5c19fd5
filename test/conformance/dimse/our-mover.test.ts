import {
  encodeFindIdentifier,
  messageTransferSyntaxes,
  openAssociation,
  STUDY_ROOT_MOVE,
} from '@collimator/edge-agent/dimse/index';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Orthanc, startOrthanc } from '../../e2e/orthanc.ts';
import { freePort } from '../../free-ports.ts';
import { memoryIndex, NODE_AE_TITLE, startNode } from './node.ts';
import { pydicomFile, readPart10, temporaryFolder } from './peers.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let orthanc: Orthanc;
let node: Awaited<ReturnType<typeof startNode>>;
const index = memoryIndex();

beforeEach(async () => {
  folder = await temporaryFolder();
  node = await startNode(folder.path, index);
  orthanc = await startOrthanc({
    folder: `${folder.path}/orthanc`,
    aeTitle: 'MODALITY', // One that may send to the node.
    dicomPort: await freePort(),
    httpPort: await freePort(),
    appliance: { aeTitle: NODE_AE_TITLE, port: node.port },
  });
});
afterEach(async () => {
  await orthanc.stop();
  await node.scp.close();
  await folder.remove();
});

describe('our C-MOVE', () => {
  it('has Orthanc send a study to us, and is told where it sends to nobody', async () => {
    const path = await pydicomFile('CT_small.dcm');
    await orthanc.upload([path]);
    const [study] = (await orthanc.rest('GET', '/studies?expand')) as {
      readonly MainDicomTags: { readonly StudyInstanceUID: string };
    }[];
    const association = await openAssociation({
      host: '127.0.0.1',
      port: orthanc.dicomPort,
      callingAeTitle: NODE_AE_TITLE,
      calledAeTitle: 'MODALITY',
      contexts: [{ abstractSyntax: STUDY_ROOT_MOVE, transferSyntaxes: messageTransferSyntaxes }],
    });
    const identifier = encodeFindIdentifier(
      { queryRetrieveLevel: 'STUDY', studyInstanceUid: study?.MainDicomTags.StudyInstanceUID ?? '' },
      association.transferSyntaxOf(STUDY_ROOT_MOVE) ?? '',
    );
    const move = association.move(STUDY_ROOT_MOVE, identifier, {
      destination: NODE_AE_TITLE,
    });
    expect(await move.outcome()).toMatchObject({ status: 0, counts: { completed: 1, failed: 0 } });
    expect([...index.headers.keys()]).toEqual([(await readPart10(path)).sopInstanceUid]);

    const nowhere = await association.move(STUDY_ROOT_MOVE, identifier, { destination: 'NOBODY' }).outcome();
    expect(nowhere.status).not.toBe(0);
    expect(index.headers.size).toBe(1);
    await association.release();
  });
});
