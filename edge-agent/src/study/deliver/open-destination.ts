import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Destination } from '@collimator/shared/contracts/agent-config';
import { type Association, openAssociation } from '../../dimse/index.ts';
import type { DeliveryRow } from '../../store/sqlite-deliveries.ts';

type Offered = Pick<DeliveryRow, 'sopClassUid' | 'transferSyntaxUid'>;

/** Opens an association to a destination that offers what is to be sent, each SOP class in the syntax it has on disk. */
export function openDestination(
  destination: Destination,
  callingAeTitle: string,
  objects: readonly Offered[],
): Promise<Association> {
  const { host, port, ae_title, tls } = destination;
  const pairs = new Map(objects.map((one) => [`${one.sopClassUid} ${one.transferSyntaxUid}`, one]));
  return openAssociation({
    host,
    port,
    callingAeTitle,
    calledAeTitle: ae_title,
    ...(tls !== undefined && { tls: tlsOptions(tls) }),
    contexts: [...pairs.values()].map(({ sopClassUid, transferSyntaxUid }) => ({
      abstractSyntax: sopClassUid,
      transferSyntaxes: [transferSyntaxUid],
    })),
  });
}

/** Read at each connection, so that a renewed certificate needs no restart. */
const tlsOptions = (tls: NonNullable<Destination['tls']>): ConnectionOptions => ({
  ca: readFileSync(tls.ca),
  ...(tls.certificate !== undefined && { cert: readFileSync(tls.certificate) }),
  ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
});
