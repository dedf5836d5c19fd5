import { createStoreScp, err } from '@collimator/edge-agent/dimse/index';
import { createCommitmentStage } from '@collimator/edge-agent/study/deliver/commitment/commitment-stage';
import { openLane } from '@collimator/edge-agent/study/deliver/open-lane';
import { createSqliteDeliveries } from '@collimator/edge-agent/store/sqlite-deliveries';
import { systemAfter } from '@collimator/edge-agent/timers';
import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import { openStore } from '@collimator/shared/sqlite/open-store';

/** Delivery and storage commitment as a process that a test can kill: `{folder, config}` as JSON in the first argument. */
const { folder, config: raw } = JSON.parse(process.argv[2] ?? '') as {
  readonly folder: string;
  readonly config: object;
};
const config = agentConfig.parse(raw, 'argument');
const root = new URL('../../../../', import.meta.url);
const store = await openStore({
  file: `${folder}/agent.sqlite`,
  migrations: new URL('edge-agent/src/store/migrations/', root),
});
const common = {
  ...{ now: Date.now, after: systemAfter, jitter: () => 0.5, log: { event: () => undefined } },
  checkpoint: createCheckpoint(process.env),
};
const stage = createCommitmentStage({
  ...{ ...common, store, config },
  onResend: () => {
    for (const lane of lanes) lane.wake();
  },
});
const lanes = config.destinations.map((destination) =>
  openLane({
    ...common,
    ...{ destination, callingAeTitle: config.dicom.ae_title, dataDir: folder },
    deliveries: createSqliteDeliveries(store),
    onSent: () => stage.wake(),
    onFailed: () => undefined,
  }),
);
const [listen] = config.dicom.listen;
const scp = createStoreScp({
  listen: [{ host: '127.0.0.1', port: listen?.port ?? 0 }],
  policy: {
    sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['*'], associationsMax: 8 }],
    associationsMax: 8,
  },
  sink: { begin: () => Promise.resolve(err({ status: 0xa700 })) },
  ...(stage.service !== undefined && { services: { commitment: stage.service } }),
  onEvent: () => undefined,
});
await scp.start();
stage.start();
for (const lane of lanes) lane.start();
