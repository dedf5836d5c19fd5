import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { AgentConfig, DimseDestination } from '@collimator/shared/contracts/agent-config';
import {
  type Identify,
  type Listen,
  type OfferOptions,
  oneUser,
  type OpenAssociation,
  type Policy,
  type ScpLimits,
  type ScuIdentity,
} from '../dimse/index.ts';

type Dicom = AgentConfig['dicom'];

/**
 * Who may send, and what, in the library's terms. Reads the passcodes.
 * Throws where a passcode cannot be read; the cross checks have reported that before.
 */
export const policyOf = (dicom: Dicom): Policy & OfferOptions => ({
  associationsMax: dicom.limits.associations,
  sources: dicom.sources.map((source) => ({
    aeTitle: source.ae_title,
    addresses: [source.address],
    calledAeTitles: source.called,
    associationsMax: source.associations ?? dicom.limits.per_source,
    ...(source.user !== undefined && { identify: identifyOf(source.user) }),
  })),
  extraSopClasses: dicom.private_sop_classes,
  ...(dicom.transfer_syntaxes.length > 0 && { preferredTransferSyntaxes: dicom.transfer_syntaxes }),
});

function identifyOf({
  name,
  passcode_file: file,
}: {
  readonly name: string;
  readonly passcode_file?: string;
}): Identify {
  // A line feed at the end is the editor's.
  return file === undefined ? oneUser(name) : oneUser(name, readFileSync(file, 'utf8').replace(/\r?\n$/, ''));
}

/** Bounds of the SCP; the configuration counts seconds, the library milliseconds. */
export const limitsOf = ({ limits }: Dicom) =>
  ({
    pduBytesMax: limits.pdu_bytes,
    artim_ms: ms(limits.artim_s),
    idle_ms: ms(limits.idle_s),
    bytesPerSecondMin: limits.progress_bytes_per_s_min,
    progressWindow_ms: ms(limits.progress_window_s),
    connectionsMax: limits.connections,
    waitingPerAddressMax: limits.waiting_per_address,
    associationWait_ms: ms(limits.association_wait_s),
    operationsMax: limits.async_operations,
  }) satisfies Partial<ScpLimits>;

const ms = (seconds: number): number => Math.round(seconds * 1000);

/** Fill of the disk from which nobody should come, 0 to 1: before objects are refused, and after the cleaner began. */
export const congestionWatermark = ({ disk }: Dicom): number =>
  disk.congestion_watermark ?? (disk.high_watermark + disk.stop_watermark) / 2;

export const listenersOf = (dicom: Dicom): Listen[] =>
  dicom.listen.map((listener) => ({
    host: listener.host,
    port: listener.port,
    ...(listener.tls !== undefined && { tls: tlsOf(listener.tls) }),
  }));

/** Reads the files of a listener. Both sides show a certificate (PS3.15 §B.12), unless it is said that senders need none. */
export const tlsOf = (tls: NonNullable<Dicom['listen'][number]['tls']>): NonNullable<Listen['tls']> => ({
  cert: readFileSync(tls.certificate),
  key: readFileSync(tls.key),
  ...(!tls.anonymous_clients && { requestCert: true, rejectUnauthorized: true }),
  ...(tls.client_ca !== undefined && { ca: readFileSync(tls.client_ca) }),
});

/** A peer that we call. */
export type CalledPeer = Pick<DimseDestination, 'host' | 'port' | 'ae_title' | 'tls' | 'user' | 'timeouts'>;

/** How a destination, or whoever else we ask, is called. Reads the files of its TLS and its passcode. */
export const peerOf = (destination: CalledPeer, callingAeTitle: string): Omit<OpenAssociation, 'contexts'> => ({
  host: destination.host,
  port: destination.port,
  callingAeTitle,
  calledAeTitle: destination.ae_title,
  ...(destination.user !== undefined && { userIdentity: identityOf(destination.user) }),
  timeouts_ms: {
    connect: destination.timeouts.connect_s * 1000,
    associate: destination.timeouts.connect_s * 1000,
    response: destination.timeouts.response_s * 1000,
  },
  ...(destination.tls !== undefined && {
    tls: {
      ca: readFileSync(destination.tls.ca),
      ...(destination.tls.certificate !== undefined && { cert: readFileSync(destination.tls.certificate) }),
      ...(destination.tls.key !== undefined && { key: readFileSync(destination.tls.key) }),
      // An address is no name for SNI (RFC 6066 §3); the certificate is then held against the address.
      ...(isIP(destination.host) === 0 && { servername: destination.host }),
    },
  }),
});

/** The passcode is read at each connection, so that a changed one needs no restart. */
const identityOf = ({ name, passcode_file }: NonNullable<DimseDestination['user']>): ScuIdentity => ({
  username: name,
  ...(passcode_file !== undefined && { passcode: readFileSync(passcode_file, 'utf8').replace(/\r?\n$/, '') }),
});
