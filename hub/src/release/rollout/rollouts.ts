import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { RolloutRequest, RolloutSummary } from '@collimator/shared/contracts/http-api';
import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { signAssignment } from '@collimator/shared/release/assignment';
import { dayMs, expiresIn } from '@collimator/shared/release/build-metadata';
import type { SigningKey } from '@collimator/shared/release/keys';
import { metadataTime } from '@collimator/shared/release/metadata';
import type { Store } from '@collimator/shared/sqlite/store';
import type { Registry } from '../registry/registry.ts';
import type { Trust } from '../sign/trust.ts';
import { createTurns } from '../turns.ts';
import { type AssignmentRow, rolloutTables, type SignedRow } from './sqlite-rollouts.ts';

/** An assignment is good for 30 days and signed anew when fewer than 10 are left. */
export const assignmentDays = { life: 30, renew: 10 } as const;
/** Assignments written or published at once. */
const pageSize = 64;

export interface Rollouts {
  /** Publishes all assignments now and after each reconnect of the broker. */
  start(): void;
  stop(): void;
  /**
   * Assigns a signed release to devices. Resolves when all assignments are on the disk; publishing follows.
   * @throws CodedError `release-unknown`, `release-not-signed`, `rollout-device-unknown`
   */
  create(request: RolloutRequest): Promise<RolloutSummary>;
  /** Gives every device of a roll-out that still has its assignment the release it had before, under a new serial. */
  undo(id: number): Promise<readonly RolloutSummary[]>;
  /** Resolves when the event is on the disk; only then may it be acknowledged. */
  recordEvent(event: DeviceEvent): Promise<void>;
  list(): readonly RolloutSummary[];
  get(id: number): RolloutSummary | undefined;
  /** Signs assignments anew that are about to expire. Called on a schedule. */
  renew(): Promise<number>;
}

export type RolloutsDeps = {
  readonly store: Store;
  readonly registry: Pick<Registry, 'get'>;
  readonly trust: Pick<Trust, 'isSigned'>;
  readonly directorKey: SigningKey;
  readonly knownDevice: (id: string) => boolean;
  readonly mqtt: MqttPort;
  readonly now: () => Date;
  readonly log: Log;
};

export function createRollouts(deps: RolloutsDeps): Rollouts {
  const { registry, trust, directorKey, mqtt, now, log } = deps;
  const tables = rolloutTables(deps.store);
  let stopListening: (() => void) | undefined;
  /** Serials are given out one change at a time. */
  const inTurn = createTurns();

  function signNext(ref: ReleaseRef, rollout: number, device: string, before: AssignmentRow | undefined): SignedRow {
    const serial = (before?.serial ?? 0) + 1;
    const [issued, expires] = [now(), expiresIn(now(), assignmentDays.life)].map(metadataTime) as [string, string];
    const envelope = signAssignment(
      { _type: 'assignment', spec_version: '1', device, serial, release: ref, issued, expires },
      directorKey,
    );
    return { device, ...ref, serial, rollout, expires, envelope };
  }

  async function assignAll(ref: ReleaseRef, devices: readonly string[]): Promise<RolloutSummary> {
    const id = await tables.newRollout(ref, now());
    for (let i = 0; i < devices.length; i += pageSize) {
      const rows = devices.slice(i, i + pageSize).map((device) => {
        const before = tables.current(device, ref.name);
        return { next: signNext(ref, id, device, before), before };
      });
      await tables.assign(rows, now());
      await publish(rows.map(({ next }) => next));
    }
    log.event('rollout-created', { rollout: id, ...ref, devices: devices.length });
    return tables.get(id) as RolloutSummary;
  }

  async function publish(rows: readonly SignedRow[]): Promise<void> {
    await Promise.all(
      rows.map(async ({ device, name, envelope }) => {
        const topic = topics.assignment(device, name);
        try {
          await mqtt.publish(topic, envelope, { qos: 1, retain: true });
        } catch (error) {
          // It is on the disk; the next connection publishes it.
          log.event('publish-postponed', { topic, reason: error instanceof Error ? error.message : String(error) });
        }
      }),
    );
  }

  async function publishAll(): Promise<void> {
    try {
      for (const page of tables.pages(pageSize)) {
        if (!mqtt.connected || stopListening === undefined) return;
        await publish(page);
      }
    } catch (error) {
      // The database cannot be read; the next connection tries again.
      log.event('publish-postponed', { topic: 'assignments', reason: String(error) });
    }
  }

  return {
    start() {
      stopListening = () => undefined;
      stopListening = mqtt.onConnected(() => void publishAll());
    },
    stop() {
      stopListening?.();
      stopListening = undefined;
    },
    create: ({ release, version, devices }) =>
      inTurn(async () => {
        const registered = registry.get(release, version);
        if (registered === undefined) throw new CodedError('release-unknown', `${release} ${version}`);
        if (!trust.isSigned(registered.ref)) throw new CodedError('release-not-signed', `${release} ${version}`);
        const unknown = devices.filter((device) => !deps.knownDevice(device));
        if (unknown.length > 0) throw new CodedError('rollout-device-unknown', unknown.slice(0, 20).join(', '));
        return assignAll(registered.ref, [...new Set(devices)]);
      }),
    undo: (id) =>
      inTurn(async () => {
        if (tables.get(id) === undefined) throw new CodedError('rollout-unknown', String(id));
        const back = new Map<string, { ref: ReleaseRef; devices: string[] }>();
        for (const row of tables.devices(id)) {
          if (tables.current(row.device, row.name)?.rollout !== id) continue;
          if (row.previous_version === null || row.previous_sha256 === null) continue;
          const ref = { name: row.name, version: row.previous_version, sha256: row.previous_sha256 };
          if (!trust.isSigned(ref)) throw new CodedError('release-not-signed', `${ref.name} ${ref.version}`);
          const group = back.get(ref.sha256) ?? { ref, devices: [] };
          group.devices.push(row.device);
          back.set(ref.sha256, group);
        }
        if (back.size === 0) throw new CodedError('rollout-nothing-before', String(id));
        const made: RolloutSummary[] = [];
        for (const { ref, devices } of back.values()) made.push(await assignAll(ref, devices));
        return made;
      }),
    async recordEvent(event) {
      const known = await tables.progress(event);
      const { device, assignment: serial, phase, code } = event;
      const { name, version } = event.release;
      if (known) log.event('rollout-progress', { device, name, version, serial, phase, ...(code && { code }) });
    },
    list: () => tables.list(),
    get: (id) => tables.get(id),
    renew: () =>
      inTurn(async () => {
        const before = tables.expiring(new Date(now().getTime() + assignmentDays.renew * dayMs), pageSize * 16);
        for (let i = 0; i < before.length; i += pageSize) {
          const rows = before.slice(i, i + pageSize).map((row) => {
            const ref = { name: row.name, version: row.version, sha256: row.sha256 };
            return { next: signNext(ref, row.rollout, row.device, row), before: row };
          });
          await tables.renew(rows);
          await publish(rows.map(({ next }) => next));
        }
        return before.length;
      }),
  };
}
