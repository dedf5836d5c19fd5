import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { AgentConfig, DimseDestination } from '@collimator/shared/contracts/agent-config';
import {
  defaultScpLimits,
  type Listen,
  type OpenAssociation,
  type Policy,
  type ScpLimits,
  type ScuIdentity,
} from '../dimse/index.ts';

type Dicom = AgentConfig['dicom'];

/** Who may send, in the library's terms. Each source of the configuration has the same share. */
export const policyOf = (dicom: Dicom): Policy => ({
  associationsMax: dicom.limits.associations,
  sources: dicom.sources.map((source) => ({
    aeTitle: source.ae_title,
    addresses: [source.address],
    calledAeTitles: source.called,
    associationsMax: dicom.limits.per_source,
  })),
});

/** Bounds of the SCP; the configuration counts seconds, the library milliseconds. */
export const limitsOf = (dicom: Dicom): Partial<ScpLimits> => ({
  pduBytesMax: dicom.limits.pdu_bytes,
  artim_ms: Math.round(dicom.limits.artim_s * 1000),
  idle_ms: Math.round(dicom.limits.idle_s * 1000),
  bytesPerSecondMin: dicom.limits.progress_bytes_per_s_min,
  // Connections without an association yet, besides those with one.
  connectionsMax: Math.max(defaultScpLimits.connectionsMax, dicom.limits.associations * 2),
});

export const listenersOf = (dicom: Dicom): Listen[] =>
  dicom.listen.map(({ host, port, tls }) => ({
    host,
    port,
    ...(tls !== undefined && {
      tls: {
        cert: readFileSync(tls.certificate),
        key: readFileSync(tls.key),
        minVersion: 'TLSv1.2' as const,
        // With a CA, PS3.15 B.12 asks for both sides to show a certificate.
        ...(tls.client_ca !== undefined && {
          ca: readFileSync(tls.client_ca),
          requestCert: true,
          rejectUnauthorized: true,
        }),
      },
    }),
  }));

/** How a destination is called. */
export const peerOf = (destination: DimseDestination, callingAeTitle: string): Omit<OpenAssociation, 'contexts'> => ({
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
