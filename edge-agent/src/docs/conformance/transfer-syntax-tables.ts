import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { type CommitmentService, messageTransferSyntaxes, storageSopClasses } from '../../dimse/index.ts';
import { STORAGE_COMMITMENT, VERIFICATION } from '../../dimse/index.ts';
import { offerOf } from '../../dimse/scp/scp-offer.ts';
import { decodableSyntaxes } from '../../study/decode/pixels/decodable-syntaxes.ts';
import { table } from '../markdown.ts';

const served: CommitmentService = {
  onAction: () => Promise.resolve({ status: 0 }),
  onEventReport: () => Promise.resolve({ status: 0 }),
};

/** What the node accepts where every service is configured: the very table that it negotiates with. */
export const wholeOffer = offerOf({}, served);

const names: Readonly<Record<string, string>> = {
  [VERIFICATION]: 'Verification',
  [STORAGE_COMMITMENT]: 'Storage Commitment Push Model',
};

export const nameOfClass = (uid: string): string => storageSopClasses[uid] ?? names[uid] ?? uid;

export const syntaxName = (uid: string): string => transferSyntaxes.get(uid)?.name ?? uid;

/** The accepted presentation contexts; storage classes have one list of transfer syntaxes, so they stand as one row. */
export function acceptedContextsTable(): string {
  const rows = [...wholeOffer].filter(([uid]) => !(uid in storageSopClasses));
  return table(
    ['abstract syntax', 'UID', 'transfer syntaxes', 'role of the peer', 'extended negotiation'],
    [
      ['each storage SOP class of 4.2.1.1', 'there', 'all of 4.2.1.2', 'SCU', 'none'],
      ...rows.map(([uid, { transferSyntaxes: taken, scu, scp }]) => [
        nameOfClass(uid),
        uid,
        uid === VERIFICATION ? 'all of 4.2.1.2' : [...taken].map(syntaxName).join(', '),
        [...(scu ? ['SCU'] : []), ...(scp ? ['SCP'] : [])].join(', '),
        'none',
      ]),
    ],
  );
}

export function storageClassTable(): string {
  const uids = [...wholeOffer.keys()].filter((uid) => uid in storageSopClasses);
  return table(
    ['SOP class', 'UID', 'SCU', 'SCP'],
    uids.map((uid) => [nameOfClass(uid), uid, 'no, but see 4.2.2', 'yes']),
  );
}

/** Every transfer syntax that is accepted for storage, and whether its pixels are decoded. */
export function transferSyntaxTable(): string {
  const [first] = Object.keys(storageSopClasses) as [string];
  return table(
    ['transfer syntax', 'UID', 'stored', 'pixels decoded for inference'],
    [...(wholeOffer.get(first)?.transferSyntaxes ?? [])].map((uid) => [
      syntaxName(uid),
      uid,
      'as sent',
      decodableSyntaxes.includes(uid) ? 'yes' : 'no: refused by its name',
    ]),
  );
}

export const messageSyntaxNames = (): string => messageTransferSyntaxes.map(syntaxName).join(', ');
