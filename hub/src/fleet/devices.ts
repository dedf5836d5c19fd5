import type { DeviceState, Telemetry } from '@collimator/shared/contracts/messages';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { Peer } from '../link/broker-policy.ts';

export type Device = {
  readonly id: string;
  readonly certificateSerial: string;
  readonly retiredAt: string | null;
  readonly online: boolean;
  readonly seenAt: string | null;
  readonly state: DeviceState | null;
  readonly telemetry: Telemetry | null;
  readonly eventGeneration: number;
  readonly ackedSeq: number;
};

type DeviceRow = {
  readonly id: string;
  readonly certificate_serial: string;
  readonly retired_at: string | null;
  readonly online: number;
  readonly seen_at: string | null;
  readonly state_json: string | null;
  readonly telemetry_json: string | null;
  readonly event_generation: number;
  readonly acked_seq: number;
};

/** The facts about each device, as they are on the disk. */
export interface Devices {
  get(id: string): Device | undefined;
  /** Throws `device-unknown`. */
  require(id: string): Device;
  /** At most `limit` devices after `after`, by id. */
  page(after: string, limit: number): readonly Device[];
  count(): { readonly registered: number; readonly online: number };
  /** Whether a certificate is the one in force for its device. */
  admits(peer: Peer): boolean;
  takeState(state: DeviceState): Promise<void>;
  takeTelemetry(telemetry: Telemetry): Promise<void>;
  /** Nobody is connected to a broker that has just started; each device says again that it is there. */
  forgetConnections(): Promise<void>;
}

export const pageSql = 'SELECT * FROM devices WHERE id > ? ORDER BY id LIMIT ?';

/** Answered at once; a fleet is at most this large (DESIGN section 1). */
export const devicesMax = 10_000;

export function createDevices({ store, now }: { readonly store: Store; readonly now: () => Date }): Devices {
  const get = (id: string) => {
    const row = store.get<DeviceRow>('SELECT * FROM devices WHERE id = ?', id);
    return row && fromRow(row);
  };
  return {
    get,
    require(id) {
      const device = get(id);
      if (device === undefined) throw new CodedError('device-unknown', id);
      return device;
    },
    page: (after, limit) => store.all<DeviceRow>(pageSql, after, limit).map(fromRow),
    count() {
      const row = store.get<{ n: number; online: number | null }>(
        'SELECT count(*) AS n, sum(online) AS online FROM devices WHERE retired_at IS NULL',
      );
      return { registered: row?.n ?? 0, online: row?.online ?? 0 };
    },
    admits(peer) {
      const device = get(peer.commonName);
      return device !== undefined && device.retiredAt === null && device.certificateSerial === peer.certificateSerial;
    },
    async takeState(state) {
      await store.write([
        {
          // A last will was written when the device connected: it knows nothing of the releases that came since.
          sql: `UPDATE devices SET online = :online, seen_at = :seen, state_json = CASE WHEN :online = 1 OR state_json IS NULL
              THEN :state ELSE json_set(:state, '$.releases', json_extract(state_json, '$.releases')) END
            WHERE id = :id AND retired_at IS NULL`,
          params: {
            online: state.online ? 1 : 0,
            seen: now().toISOString(),
            state: JSON.stringify(state),
            id: state.device,
          },
          expectChanges: 1,
        },
      ]);
    },
    async takeTelemetry(telemetry) {
      const at = now().toISOString();
      const json = JSON.stringify(telemetry);
      await store.write([
        {
          sql: 'UPDATE devices SET seen_at = ?, telemetry_json = ? WHERE id = ? AND retired_at IS NULL',
          params: [at, json, telemetry.device],
          expectChanges: 1,
        },
        // Keyed by the second: however fast a device talks, it fills one row a second.
        {
          sql: 'INSERT OR REPLACE INTO telemetry VALUES (?, ?, ?)',
          params: [telemetry.device, at.slice(0, 19), json],
        },
      ]);
    },
    forgetConnections: async () =>
      void (await store.write([{ sql: 'UPDATE devices SET online = 0 WHERE online = 1' }])),
  };
}

/** Registers a device, or gives a registered one a new certificate and ends the old one. */
export const enrolStatement = (device: {
  readonly id: string;
  readonly at: string;
  readonly certificateSerial: string;
  readonly expiresAt: string;
}): Statement => ({
  sql: `INSERT INTO devices (id, enrolled_at, certificate_serial, certificate_expires_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET enrolled_at = excluded.enrolled_at, retired_at = NULL, online = 0,
          certificate_serial = excluded.certificate_serial, certificate_expires_at = excluded.certificate_expires_at`,
  params: [device.id, device.at, device.certificateSerial, device.expiresAt],
});

export const retireStatement = (id: string, at: string): Statement => ({
  sql: 'UPDATE devices SET retired_at = ?, online = 0 WHERE id = ? AND retired_at IS NULL',
  params: [at, id],
  expectChanges: 1,
});

const fromRow = (row: DeviceRow): Device => ({
  id: row.id,
  certificateSerial: row.certificate_serial,
  retiredAt: row.retired_at,
  online: row.online === 1,
  seenAt: row.seen_at,
  state: row.state_json === null ? null : (JSON.parse(row.state_json) as DeviceState),
  telemetry: row.telemetry_json === null ? null : (JSON.parse(row.telemetry_json) as Telemetry),
  eventGeneration: row.event_generation,
  ackedSeq: row.acked_seq,
});
