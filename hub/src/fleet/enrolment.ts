import type { Authority } from '@collimator/provisioning/authority/authority';
import {
  formatToken,
  judgeToken,
  parseToken,
  tokenIdBytes,
  type TokenRecord,
  tokenSecretBytes,
} from '@collimator/provisioning/enrol/token';
import type { EnrolRequest, EnrolResponse, TokenRequest, TokenResponse } from '@collimator/shared/contracts/http-api';
import { checkRequest } from '@collimator/provisioning/authority/certificate-request';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import { CodedError, isCoded } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import type { AuditLog } from '../audit/audit-log.ts';
import { type Devices, enrolStatement } from './devices.ts';
import { endEarlierTokens } from './token-table.ts';

export interface Enrolment {
  createToken(request: TokenRequest): Promise<TokenResponse>;
  /**
   * @param reachedAs the host name or address under which the appliance reached the hub
   * @throws CodedError `token-*` or `csr-*`; a token is spent only by an enrolment that succeeds
   */
  enrol(request: EnrolRequest, reachedAs: string): Promise<EnrolResponse>;
}

export type EnrolmentDeps = {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly devices: Devices;
  readonly authority: Authority;
  readonly certificateDays: number;
  readonly brokerUrl: (reachedAs: string) => string;
  /** Bytes of the newest TUF root metadata: what the appliance trusts from now on. */
  readonly trustedRoot: () => Uint8Array;
  /** Ends the session of a device whose certificate was replaced. */
  readonly disconnect: (device: string, reason: string) => void;
  readonly log: Log;
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
};

/** A token that ended is kept this long, so that it is refused for what it is and not as unknown. */
const endedTokensKeptMs = 30 * 86_400_000;

type TokenRow = {
  readonly digest: string;
  readonly serial: string;
  readonly expires_at: string;
  readonly used_at: string | null;
  readonly used_key_sha256: string | null;
};

export function createEnrolment(deps: EnrolmentDeps): Enrolment {
  const { store, audit, devices, authority, log, now, random } = deps;

  const find = (token: string): { readonly id: string; readonly record: TokenRecord } | undefined => {
    const parsed = parseToken(token);
    if (parsed === undefined) return undefined;
    const row = store.get<TokenRow>('SELECT * FROM enrolment_tokens WHERE id = ?', parsed.id);
    // The digest is of 256 random bits: what a comparison's time could tell of it is of no use.
    if (row === undefined || row.digest !== parsed.digest) return undefined;
    const usedAt = row.used_at === null ? null : new Date(row.used_at);
    return {
      id: parsed.id,
      record: { serial: row.serial, expiresAt: new Date(row.expires_at), usedAt, usedByKey: row.used_key_sha256 },
    };
  };

  const attempt = async (request: EnrolRequest, reachedAs: string): Promise<EnrolResponse> => {
    const at = now();
    const found = find(request.token);
    if (found === undefined) throw new CodedError('token-unknown', `asked for ${request.serial}`);
    const { csr_pem: csrPem, serial } = request;
    const requested = await checkRequest(csrPem, serial);
    const key = requested.ok ? sha256Hex(Buffer.from(requested.value.rawData)) : undefined;
    const judged = judgeToken(found.record, { serial, now: at, ...(key !== undefined && { key }) });
    if (!judged.ok) throw judged.error;
    if (!requested.ok) throw requested.error;
    const issued = await authority.issueDeviceCertificate({ csrPem, serial, days: deps.certificateDays });
    if (!issued.ok) throw issued.error;
    const { certificateSerial, chainPem, expiresAt } = issued.value;
    const replaced = devices.get(serial) !== undefined;
    await spendAndRegister(found.id, { serial, certificateSerial, expiresAt, at, replaced, key: key ?? '' });
    deps.disconnect(serial, 'certificate-replaced');
    log.event('device-enrolled', { device: serial, certificate_serial: certificateSerial, replaced });
    return {
      device: serial,
      certificate_pem: chainPem,
      ca_pem: authority.rootPem,
      broker_url: deps.brokerUrl(reachedAs),
      trusted_root: Buffer.from(deps.trustedRoot()).toString('base64'),
    };
  };

  /** One write: of two that come with the same token at once, one finds it spent and registers nothing. */
  const spendAndRegister = async (
    tokenId: string,
    device: { serial: string; certificateSerial: string; expiresAt: Date; at: Date; replaced: boolean; key: string },
  ): Promise<void> => {
    const { serial, certificateSerial, replaced } = device;
    const at = device.at.toISOString();
    const expiresAt = device.expiresAt.toISOString();
    try {
      await audit.record(
        {
          actor: `token ${tokenId}`,
          action: 'device-enrolled',
          subject: serial,
          detail: { certificate_serial: certificateSerial, expires_at: expiresAt, replaced },
        },
        [
          {
            sql: `UPDATE enrolment_tokens SET used_at = coalesce(used_at, ?), used_key_sha256 = ?
                  WHERE id = ? AND (used_at IS NULL OR used_key_sha256 = ?)`,
            params: [at, device.key, tokenId, device.key],
            expectChanges: 1,
          },
          endEarlierTokens(serial, tokenId),
          enrolStatement({ id: serial, at, certificateSerial, expiresAt }),
        ],
      );
    } catch (error) {
      throw isCoded(error, 'store-conflict') ? new CodedError('token-used', `at ${at}`) : error;
    }
  };

  return {
    async createToken({ serial, expires_s }) {
      const at = now();
      const { id, token } = formatToken(random(tokenIdBytes), random(tokenSecretBytes));
      const expiresAt = new Date(at.getTime() + expires_s * 1000).toISOString();
      const forgotten = new Date(at.getTime() - endedTokensKeptMs).toISOString();
      await audit.record(
        { actor: 'operator', action: 'token-created', subject: serial, detail: { token: id, expires_at: expiresAt } },
        [
          { sql: 'DELETE FROM enrolment_tokens WHERE expires_at < ?', params: [forgotten] },
          {
            sql: 'INSERT INTO enrolment_tokens (id, digest, serial, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
            params: [id, parseToken(token)?.digest ?? '', serial, at.toISOString(), expiresAt],
          },
        ],
      );
      log.event('token-created', { device: serial, expires_at: expiresAt });
      return { serial, token, expires_at: expiresAt };
    },
    async enrol(request, reachedAs) {
      try {
        return await attempt(request, reachedAs);
      } catch (error) {
        const code = error instanceof CodedError ? error.code : 'hub-internal';
        log.event('enrolment-refused', { device: request.serial, code });
        throw error;
      }
    },
  };
}
