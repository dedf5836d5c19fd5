import type { DimseDestination } from '@collimator/shared/contracts/agent-config';
import { peerOf } from '../../config/dicom-settings.ts';
import { type Association, openAssociation } from '../../dimse/index.ts';
import type { Offered } from './dimse-sender.ts';

/** Opens an association to a destination that offers what is to be sent, each SOP class in the syntax it has on disk. */
export function openDestination(
  destination: DimseDestination,
  callingAeTitle: string,
  objects: readonly Offered[],
): Promise<Association> {
  return openAssociation({
    ...peerOf(destination, callingAeTitle),
    asyncOperations: destination.association.in_flight_max,
    contexts: objects.map(({ sopClassUid, transferSyntaxUid }) => ({
      abstractSyntax: sopClassUid,
      transferSyntaxes: [transferSyntaxUid],
    })),
  });
}
