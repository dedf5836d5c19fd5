import type { DimseDestination } from '@collimator/shared/contracts/agent-config';
import { peerOf } from '../../config/dicom-settings.ts';
import { type Association, openAssociation } from '../../dimse/index.ts';
import { type Offered, otherwise } from './dimse-sender.ts';

/**
 * Opens an association to a destination that offers what is to be sent, each SOP class in the syntax it has on disk, and
 * in a context of its own in the one that everybody takes (PS3.5 §10.1): so the receiver's preference decides nothing,
 * and the bytes on disk are sent wherever they are taken.
 */
export function openDestination(
  destination: DimseDestination,
  callingAeTitle: string,
  objects: readonly Offered[],
): Promise<Association> {
  return openAssociation({
    ...peerOf(destination, callingAeTitle),
    asyncOperations: destination.association.in_flight_max,
    contexts: objects.flatMap(({ sopClassUid, transferSyntaxUid }) =>
      [transferSyntaxUid, ...otherwise(transferSyntaxUid)].map((syntax) => ({
        abstractSyntax: sopClassUid,
        transferSyntaxes: [syntax],
      })),
    ),
  });
}
