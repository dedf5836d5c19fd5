import { randomBytes } from 'node:crypto';
import type { AgentConfig, DimseDestination } from '@collimator/shared/contracts/agent-config';
import { newUid } from '@collimator/shared/dicom/uids';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import { type CommitmentReport, type CommitmentService, status, type StoreOutcome } from '../../../dimse/index.ts';
import { createSqliteCommitments } from '../../../store/sqlite-commitments.ts';
import { createSqliteCommitmentRequests } from '../../../store/sqlite-commitment-requests.ts';
import type { After } from '../../../timers.ts';
import type { StageLoop } from '../../queue/stage-loop.ts';
import { createAsker } from './ask-for-commitment.ts';
import { createCommitmentRequests, type CommitmentRequestStage } from './commitment-requests.ts';
import { reportCommitment } from './report-commitment.ts';
import { createCommitmentLane, type CommitmentLane } from './commitment-lane.ts';

export type CommitmentStageDeps = {
  readonly store: Store;
  readonly config: Pick<AgentConfig, 'destinations' | 'dicom'>;
  readonly now: () => number;
  readonly after: After;
  readonly jitter: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** Something is to be sent again. */
  readonly onResend: () => void;
};

export type CommitmentStage = {
  /** Something was sent whose commitment is to be asked for. */
  wake(): void;
  start(): void;
  stop(): Promise<void>;
  /** For the Store SCP; undefined where neither we nor others ask for commitment. */
  readonly service: CommitmentService | undefined;
};

/** Wait for an answer where the destination has no section of its own that says it. */
const COMMITMENT_WAIT_S = 600;

/** Storage commitment (PS3.4 Annex J) at every destination that is to be asked for it. */
export function createCommitmentStage(deps: CommitmentStageDeps): CommitmentStage {
  const { config } = deps;
  const commitments = createSqliteCommitments(deps.store);
  const lanes = new Map<string, CommitmentLane>();
  for (const destination of config.destinations) {
    if (destination.kind !== 'dimse' || destination.commitment === undefined) continue;
    lanes.set(destination.name, laneOf(destination, destination.commitment));
  }

  function laneOf(destination: DimseDestination, commitment: NonNullable<DimseDestination['commitment']>) {
    const { first_s, most_s } = destination.retry;
    return createCommitmentLane({
      ...deps,
      name: destination.name,
      commitments,
      ask: createAsker(destination, config.dicom.ae_title, deps.after),
      bounds: { requestsMax: commitment.requests_max, resendsMax: commitment.resends_max },
      wait_ms: commitment.wait_s * 1000,
      times: { first_ms: first_s * 1000, most_ms: most_s * 1000 },
      newUid: () => newUid(randomBytes(16)),
    });
  }

  const others = requestsOf(config.dicom.storage_commitment);

  function requestsOf(settings: AgentConfig['dicom']['storage_commitment']): CommitmentRequestStage | undefined {
    if (settings === 'refuse') return undefined;
    const destination = config.destinations.find(({ name }) => name === settings.after_pacs);
    if (destination?.kind !== 'dimse') throw new Error(`${settings.after_pacs} is no dimse destination`);
    const { first_s, most_s } = destination.retry;
    const addressOf = (callingAeTitle: string) =>
      config.dicom.sources.find((one) => one.ae_title === callingAeTitle && one.commitment !== undefined)?.commitment;
    return createCommitmentRequests({
      ...deps,
      destination: destination.name,
      requests: createSqliteCommitmentRequests(deps.store),
      commitments,
      ask: createAsker(destination, config.dicom.ae_title, deps.after),
      canReportTo: (callingAeTitle) => addressOf(callingAeTitle) !== undefined,
      reportTo(callingAeTitle, report) {
        const address = addressOf(callingAeTitle);
        // Its section was taken away while the request was open: told, and tried again, until it is given up.
        if (address === undefined) return Promise.resolve({ status: status.noSuchObjectInstance });
        return reportCommitment({ ...address, calledAeTitle: callingAeTitle }, config.dicom.ae_title, report);
      },
      openMax: settings.open_max,
      wait_ms: (destination.commitment?.wait_s ?? COMMITMENT_WAIT_S) * 1000,
      giveUp_ms: settings.give_up_s * 1000,
      times: { first_ms: first_s * 1000, most_ms: most_s * 1000 },
      newUid: () => newUid(randomBytes(16)),
    });
  }

  async function onEventReport(report: CommitmentReport): Promise<StoreOutcome> {
    const transaction = commitments.byUid(report.transactionUid);
    const lane = transaction?.requestId === null ? lanes.get(transaction.destination) : others;
    if (transaction === undefined || lane === undefined)
      return { status: status.noSuchObjectInstance, comment: 'unknown transaction' };
    await lane.report(transaction, report);
    return { status: status.success };
  }

  const loops: StageLoop[] = [...lanes.values(), ...(others === undefined ? [] : [others])];
  return {
    wake() {
      for (const loop of loops) loop.wake();
    },
    start() {
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    service:
      loops.length === 0
        ? undefined
        : {
            onEventReport,
            ...(others !== undefined && {
              onAction: (request, peer, reply) => others.onAction(request, peer, reply),
            }),
          },
  };
}
