import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfig, type Destination } from '@collimator/shared/contracts/agent-config';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { newUid, sopClasses } from '@collimator/shared/dicom/uids';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import { createStoreScp, err } from '@collimator/edge-agent/dimse/index';
import {
  type CommitmentStage,
  createCommitmentStage,
} from '@collimator/edge-agent/study/deliver/commitment/commitment-stage';
import type { DestinationLane } from '@collimator/edge-agent/study/deliver/destination-lane';
import { openLane, type OpenLaneDeps } from '@collimator/edge-agent/study/deliver/open-lane';
import { text, uid } from '@collimator/edge-agent/study/result/elements/element';
import { part10File } from '@collimator/edge-agent/study/result/elements/part10-file';
import { createSqliteDeliveries, type Deliveries } from '@collimator/edge-agent/store/sqlite-deliveries';
import { systemAfter } from '@collimator/edge-agent/timers';

/** One result on its way, as the tables have it. */
export type DeliveryState = {
  readonly result: number;
  readonly destination: string;
  readonly uid: string;
  readonly state: string;
  readonly class: string | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly status: number | null;
  readonly comment: string | null;
  readonly attempts: number;
  readonly mayHave: number;
  readonly commitment: string | null;
};

/** A database with results to deliver, and lanes to deliver them; nothing of an appliance before that. */
export interface DeliveryWorld {
  readonly folder: string;
  readonly store: Store;
  readonly deliveries: Deliveries;
  readonly events: { readonly name: string; readonly fields: Record<string, unknown> | undefined }[];
  /** A job with one object of each of these classes for each of these destinations; gives the keys of its results. */
  makeJob(destinations: readonly string[], classes?: readonly string[], more?: Partial<Made>): Promise<number[]>;
  lane(destination: object, more?: Partial<OpenLaneDeps>): DestinationLane;
  /** Storage commitment at these destinations, and a node for their reports. */
  commitment(destinations: readonly object[], dicom?: object): Promise<CommitmentWorld>;
  states(): DeliveryState[];
  /** Something to end with the world, in the opposite order. */
  endWith(end: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export type CommitmentWorld = { readonly stage: CommitmentStage; readonly port: number; stop(): Promise<void> };

type Made = { readonly bytes: number; readonly patientId: string };

const configOf = (destinations: readonly object[], dicom: object = {}) =>
  agentConfig.parse(
    {
      ...{ device: { serial: 'T' }, data: '/tmp', hub: { url: 'https://hub.invalid' }, routes: [] },
      dicom: { ae_title: 'COLLIMATOR', listen: [{ port: 0 }], sources: [], ...dicom },
      destinations,
    },
    'test',
  );

export const quick = { retry: { first_s: 0.05, most_s: 0.4 } };

export async function createDeliveryWorld(): Promise<DeliveryWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'delivery-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const store = await openStore({
    file: join(folder, 'agent.sqlite'),
    migrations: new URL('../../../edge-agent/src/store/migrations/', import.meta.url),
  });
  ends.push(() => store.close());
  const deliveries = createSqliteDeliveries(store);
  const events: DeliveryWorld['events'] = [];
  await mkdir(join(folder, 'results'));
  const lanes: DestinationLane[] = [];
  let jobs = 0;

  return {
    ...{ folder, store, deliveries, events },
    async makeJob(destinations, classes = [sopClasses.segmentation, sopClasses.comprehensiveSr], more = {}) {
      const n = (jobs += 1);
      const study = newUid(randomBytes(16));
      await store.write([
        {
          sql: `INSERT INTO studies (id, study_instance_uid, open_since_ms, last_received_ms) VALUES (?, ?, 0, 0)`,
          params: [n, study],
        },
        {
          sql: `INSERT INTO series (id, study_id, series_instance_uid, modality, body_part, description) VALUES (?, ?, ?, 'MR', '', '')`,
          params: [n, n, `${study}.1`],
        },
        {
          sql: `INSERT INTO study_revisions (id, study_id, number, through_instance_id, first_received_ms, last_received_ms, completed_ms) VALUES (?, ?, 1, 0, 0, 0, 0)`,
          params: [n, n],
        },
        {
          sql: `INSERT INTO jobs (id, revision_id, series_id, series_through, release_name, release_version, release_sha256, priority, state, slices, queued_ms) VALUES (?, ?, ?, 0, 'a', '1.0.0', 'sha', 2, 'inferred', 1, 0)`,
          params: [n, n, n],
        },
      ]);
      const ids: number[] = [];
      for (const [i, sopClassUid] of classes.entries()) {
        const sopInstanceUid = newUid(randomBytes(16));
        const file = part10File({ sopClassUid, sopInstanceUid }, [
          uid(0x00080016, sopClassUid),
          uid(0x00080018, sopInstanceUid),
          text(0x00080060, 'CS', 'SR'),
          text(0x00100010, 'PN', 'TEST^DELIVERY'),
          text(0x00100020, 'LO', more.patientId ?? 'TEST'),
          uid(0x0020000d, study),
          uid(0x0020000e, `${study}.9`),
          { tag: 0x00420011, vr: 'OB', value: Buffer.alloc(more.bytes ?? 64, i) },
        ]);
        const path = `results/${n}-${i}.dcm`;
        await writeFile(join(folder, path), file);
        const [made] = await store.write([
          {
            sql: `INSERT INTO results (job_id, object, sop_class_uid, sop_instance_uid, series_instance_uid, transfer_syntax_uid,
                path, sha256) VALUES (?, ?, ?, ?, '', ?, ?, ?) RETURNING id`,
            params: [
              n,
              ['SEG', 'SR'][i] ?? 'SR',
              sopClassUid,
              sopInstanceUid,
              EXPLICIT_LITTLE_ENDIAN,
              path,
              createHash('sha256').update(file).digest('hex'),
            ],
          },
          ...destinations.map((destination) => ({
            sql: `INSERT INTO deliveries (result_id, destination, state, made_ms, due_ms)
              SELECT id, ?, 'pending', 1, 1 FROM results WHERE sop_instance_uid = ?`,
            params: [destination, sopInstanceUid],
          })),
        ]);
        ids.push(Number(made?.rows[0]?.['id']));
      }
      return ids;
    },
    lane(destination, more = {}) {
      const lane = openLane({
        destination: configOf([{ ...quick, ...destination }]).destinations[0] as Destination,
        callingAeTitle: 'COLLIMATOR',
        deliveries,
        dataDir: folder,
        now: Date.now,
        after: systemAfter,
        jitter: () => 0.5,
        log: { event: (name, fields) => void events.push({ name, fields }) },
        checkpoint: () => undefined,
        onSent: () => undefined,
        onFailed: () => undefined,
        ...more,
      });
      ends.push(() => lane.stop());
      lanes.push(lane);
      lane.start();
      return lane;
    },
    async commitment(destinations, dicom) {
      const config = configOf(
        destinations.map((one) => ({ ...quick, ...one })),
        dicom,
      );
      const stage = createCommitmentStage({
        ...{ store, config, now: Date.now, after: systemAfter, jitter: () => 0.5, checkpoint: () => undefined },
        log: { event: (name, fields) => void events.push({ name, fields }) },
        onResend: () => {
          for (const lane of lanes) lane.wake();
        },
      });
      const scp = createStoreScp({
        listen: [{ host: '127.0.0.1', port: config.dicom.listen[0]?.port ?? 0 }],
        policy: {
          sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['COLLIMATOR'], associationsMax: 8 }],
          associationsMax: 8,
        },
        sink: { begin: () => Promise.resolve(err({ status: 0xa700 })) },
        ...(stage.service !== undefined && { services: { commitment: stage.service } }),
        onEvent: () => undefined,
      });
      await scp.start();
      let stopped = false;
      const stop = async (): Promise<void> => {
        if (stopped) return;
        stopped = true;
        await scp.close();
        await stage.stop();
      };
      ends.push(stop);
      stage.start();
      return { stage, port: scp.addresses()[0]?.port ?? 0, stop };
    },
    states: () =>
      store.all<DeliveryState>(`SELECT result_id AS result, destination, sop_instance_uid AS uid, state,
          failure_class AS class, failure_code AS code, failure_detail AS detail, dimse_status AS status,
          error_comment AS comment, attempts, may_have AS mayHave, commitment
        FROM deliveries JOIN results ON results.id = result_id ORDER BY deliveries.id`),
    endWith: (end) => void ends.push(end),
    async close() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}
