import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { RolloutSummary } from '@collimator/shared/contracts/http-api';
import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import type { Statement, Store } from '@collimator/shared/sqlite/store';

/** The assignment in force of one device and release name. */
export type AssignmentRow = {
  readonly device: string;
  readonly name: string;
  readonly serial: number;
  readonly version: string;
  readonly sha256: string;
  readonly rollout: number;
  readonly expires: string;
};
export type SignedRow = AssignmentRow & { readonly envelope: Buffer };

const columns = 'device, name, serial, version, sha256, rollout, expires';
export const currentSql = `SELECT ${columns} FROM assignments WHERE device = ? AND name = ?`;
// A device that was retired gets no more signatures of ours.
export const expiringSql = `SELECT ${columns} FROM assignments WHERE expires < ?
  AND NOT EXISTS (SELECT 1 FROM devices WHERE devices.id = device AND retired_at IS NOT NULL) ORDER BY expires LIMIT ?`;
export const pageSql = `SELECT ${columns}, envelope FROM assignments WHERE (device, name) > (?, ?) ORDER BY device, name LIMIT ?`;
const newRolloutSql = 'INSERT INTO rollouts (name, version, sha256, created) VALUES (?, ?, ?, ?) RETURNING id';
const rolloutsSql = 'SELECT id, name, version, sha256, created FROM rollouts ORDER BY id DESC LIMIT ?';
const rolloutSql = 'SELECT id, name, version, sha256, created FROM rollouts WHERE id = ?';
export const devicesSql = `SELECT device, name, serial, phase, code, detail, previous_version, previous_sha256
  FROM rollout_devices WHERE rollout = ? ORDER BY device`;
const insertDeviceSql = `INSERT INTO rollout_devices
  (rollout, device, name, serial, phase, at, previous_version, previous_sha256) VALUES (?, ?, ?, ?, 'pending', ?, ?, ?)`;
const insertAssignmentSql = `INSERT INTO assignments (${columns}, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
// The serial that was read must still stand: two roll-outs at once cannot both follow the same one.
const replaceAssignmentSql = `UPDATE assignments
  SET serial = ?, version = ?, sha256 = ?, rollout = ?, expires = ?, envelope = ? WHERE device = ? AND name = ? AND serial = ?`;
const renewDeviceSql = 'UPDATE rollout_devices SET serial = ? WHERE rollout = ? AND device = ? AND serial = ?';
export const progressSql = `UPDATE rollout_devices SET phase = ?, code = ?, detail = ?, at = ?
  WHERE device = ? AND name = ? AND serial = ?`;

/** Roll-outs shown at once, newest first, and about how many devices of theirs: what is older is shown by its id. */
const rolloutsMax = 1000;
export const rolloutDevicesMax = 20_000;

type RolloutRow = { id: number; name: string; version: string; sha256: string; created: string };
export type RolloutDeviceRow = {
  readonly device: string;
  readonly name: string;
  readonly serial: number;
  readonly phase: RolloutSummary['devices'][number]['phase'];
  readonly code: string | null;
  readonly detail: string | null;
  readonly previous_version: string | null;
  readonly previous_sha256: string | null;
};

export type RolloutTables = ReturnType<typeof rolloutTables>;

/** The SQL of roll-outs and assignments; no decisions. */
export function rolloutTables(store: Store) {
  const devices = (id: number) => store.all<RolloutDeviceRow>(devicesSql, id);
  const summary = (row: RolloutRow): RolloutSummary => ({
    id: row.id,
    release: { name: row.name, version: row.version, sha256: row.sha256 },
    created: row.created,
    devices: devices(row.id).map(({ device, phase, code, detail }) => ({
      id: device,
      phase,
      ...(code !== null && { code }),
      ...(detail !== null && { detail }),
    })),
  });
  return {
    devices,
    current: (device: string, name: string) => store.get<AssignmentRow>(currentSql, device, name),
    expiring: (before: Date, limit: number) => store.all<AssignmentRow>(expiringSql, before.toISOString(), limit),
    list(): RolloutSummary[] {
      const shown: RolloutSummary[] = [];
      let devicesShown = 0;
      for (const row of store.all<RolloutRow>(rolloutsSql, rolloutsMax)) {
        if (devicesShown >= rolloutDevicesMax) break;
        const next = summary(row);
        devicesShown += next.devices.length;
        shown.push(next);
      }
      return shown;
    },
    get(id: number): RolloutSummary | undefined {
      const row = store.get<RolloutRow>(rolloutSql, id);
      return row && summary(row);
    },
    async newRollout(ref: ReleaseRef, at: Date): Promise<number> {
      const params = [ref.name, ref.version, ref.sha256, at.toISOString()];
      const [result] = await store.write([{ sql: newRolloutSql, params }]);
      return Number(result?.rows[0]?.['id']);
    },
    /** All assignments in force, a page at a time. */
    *pages(size: number): Generator<readonly SignedRow[]> {
      let after: readonly [string, string] = ['', ''];
      for (;;) {
        const page = store.all<SignedRow>(pageSql, ...after, size);
        const last = page.at(-1);
        if (last === undefined) return;
        yield page;
        after = [last.device, last.name];
      }
    },
    async assign(rows: readonly { readonly next: SignedRow; readonly before: AssignmentRow | undefined }[], at: Date) {
      await store.write(rows.flatMap(({ next, before }) => [assignment(next, before), device(next, before, at)]));
    },
    async renew(rows: readonly { readonly next: SignedRow; readonly before: AssignmentRow }[]) {
      await store.write(
        rows.flatMap(({ next, before }) => [
          assignment(next, before),
          { sql: renewDeviceSql, params: [next.serial, next.rollout, next.device, before.serial], expectChanges: 1 },
        ]),
      );
    },
    /** Whether the event was about an assignment that we know. */
    async progress(event: DeviceEvent): Promise<boolean> {
      const what = [event.phase, event.code ?? null, event.detail ?? null, event.at];
      const params = [...what, event.device, event.release.name, event.assignment];
      const [result] = await store.write([{ sql: progressSql, params }]);
      return (result?.changes ?? 0) > 0;
    },
  };
}

function assignment(next: SignedRow, before: AssignmentRow | undefined): Statement {
  const { device, name, serial, version, sha256, rollout, expires, envelope } = next;
  return before === undefined
    ? { sql: insertAssignmentSql, params: [device, name, serial, version, sha256, rollout, expires, envelope] }
    : {
        sql: replaceAssignmentSql,
        params: [serial, version, sha256, rollout, expires, envelope, device, name, before.serial],
        expectChanges: 1,
      };
}

const device = (next: SignedRow, before: AssignmentRow | undefined, at: Date): Statement => ({
  sql: insertDeviceSql,
  params: [
    next.rollout,
    next.device,
    next.name,
    next.serial,
    at.toISOString(),
    before?.version ?? null,
    before?.sha256 ?? null,
  ],
});
