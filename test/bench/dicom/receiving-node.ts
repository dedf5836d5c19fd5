/**
 * The appliance's receiving, and nothing else of it, as a program: DICOM node, instance sink and SQLite index with
 * full durability, from the same factories that the appliance is wired from. What it leaves out (hub link, local API,
 * assembling, devices) is no part of taking an image in. Usage: receiving-node.js DATA_DIR PORT
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createStoreScp } from '@collimator/edge-agent/dimse/index';
import { createArrivals, watchArrivals } from '@collimator/edge-agent/study/receive/arrivals';
import { sweepIncoming } from '@collimator/edge-agent/study/receive/disk/data-folders';
import { createIntake } from '@collimator/edge-agent/study/receive/intake';
import { patientKey } from '@collimator/edge-agent/study/receive/header/patient-key';
import { readPatientSecret } from '@collimator/edge-agent/study/receive/header/patient-secret';
import { openStoreLane } from '@collimator/edge-agent/study/receive/disk/store-lane';
import { openStore } from '@collimator/shared/sqlite/open-store';

const [dataDir = '', port = ''] = process.argv.slice(2);
const root = new URL(import.meta.url.includes('/dist/') ? '../../../../' : '../../../', import.meta.url);

const store = await openStore({
  file: join(dataDir, 'agent.sqlite'),
  migrations: new URL('edge-agent/src/store/migrations/', root),
});
await sweepIncoming(dataDir);
const { secret } = await readPatientSecret(dataDir, (bytes) => randomBytes(bytes));
const arrivals = createArrivals(10_000);
const lane = await openStoreLane();
const { sink } = createIntake({
  store,
  dataDir,
  lane,
  now: Date.now,
  patientKey: (patient) => patientKey(secret, patient),
  conflicts: 'quarantine',
  limits: {},
  quarantineKeep_ms: Number.POSITIVE_INFINITY,
  onStored: () => undefined,
  onEvent(event) {
    if (event.type !== 'instance-placed') return;
    const { associationId, studyInstanceUid, seriesInstanceUid } = event.header;
    arrivals.brought(associationId, studyInstanceUid, seriesInstanceUid);
  },
  onDecided: () => undefined,
  onRemovalFailed(error) {
    throw error;
  },
});
const scp = createStoreScp({
  listen: [{ host: '127.0.0.1', port: Number(port) }],
  policy: {
    sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['*'], associationsMax: 64 }],
    associationsMax: 64,
  },
  sink: watchArrivals(sink, arrivals, Date.now),
  onEvent(event) {
    if (event.type === 'fault') throw event.error;
  },
});
await scp.start();
process.once('SIGTERM', () => {
  void scp
    .close()
    .then(() => lane.close())
    .then(() => store.close())
    .then(() => process.exit(0));
});
