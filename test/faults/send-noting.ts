import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AssociationError, openAssociation } from '@collimator/edge-agent/dimse/index';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { aeTitles } from '../demo/layout.ts';
import { part10Parts } from '../demo/part10-parts.ts';

/** An instance that was answered with success, and the digest of the data set that was sent. */
export type Acknowledged = { readonly sopInstanceUid: string; readonly dataSetSha256: string };

/**
 * Sends files over one association until it breaks, and notes each success the moment it comes. What the appliance
 * never answered is nobody's promise.
 *
 * @returns the statuses that came
 */
export async function sendNoting(
  port: number,
  files: readonly string[],
  note: (acknowledged: Acknowledged) => void,
): Promise<readonly number[]> {
  const objects = files.map((file) => part10Parts(readFileSync(file)));
  const classes = [...new Set(objects.map(({ sopClassUid }) => sopClassUid))];
  const statuses: number[] = [];
  try {
    const association = await openAssociation({
      host: '127.0.0.1',
      port,
      callingAeTitle: aeTitles.modality,
      calledAeTitle: aeTitles.appliance,
      contexts: classes.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] })),
    });
    for (const { sopClassUid, sopInstanceUid, dataSet } of objects) {
      const { status } = await association.store({
        ...{ sopClassUid, sopInstanceUid, dataSet },
        transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      });
      statuses.push(status);
      if (status === 0) note({ sopInstanceUid, dataSetSha256: createHash('sha256').update(dataSet).digest('hex') });
    }
    await association.release();
  } catch (error) {
    // The appliance is killed while this sends: that is the test.
    if (!(error instanceof AssociationError)) throw error;
  }
  return statuses;
}
