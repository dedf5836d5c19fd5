import { COMMITMENT_REFERENCES_MAX, defaultScpLimits } from '../../dimse/index.ts';
import { storageSopClassesEdition } from '../../dimse/index.ts';
import { defaultReceiveLimits } from '../../study/receive/instance-sink.ts';
import { blocks } from '../markdown.ts';
import { abortTable, libraryStatusTable, limitTable, rejectionTable, storeStatusTable } from './answers.ts';
import { standardOf } from './product.ts';
import { acceptedContextsTable, storageClassTable, transferSyntaxTable } from './transfer-syntax-tables.ts';

const GiB = 1024 ** 3;

/** The acceptor: storage, verification and storage commitment. */
export const storageSection = (): string =>
  blocks(
    '#### 4.2.1 Storage-SCP',
    '##### 4.2.1.1 SOP classes',
    `Storage at level 2 (full): every attribute is stored, private ones included, and nothing is changed. The table is of PS3.4 B.5 in the edition ${storageSopClassesEdition}, retired classes included. Classes of \`dicom.private_sop_classes\` are taken besides.`,
    storageClassTable(),
    'Verification (1.2.840.10008.1.1) as SCP and SCU; Storage Commitment Push Model (1.2.840.10008.1.20.1) as SCU, and as SCP only where `dicom.storage_commitment` names a destination that commits first.',
    '##### 4.2.1.2 Transfer syntaxes',
    'Each is accepted for every storage SOP class. What cannot be decoded is stored and acknowledged; a model is not run on it, and the report says why.',
    transferSyntaxTable(),
    '##### 4.2.1.3 Association policies',
    blocks(
      `Application context 1.2.840.10008.3.1.1.1. Longest PDU taken: ${standardOf('dicom.limits.pdu_bytes')} bytes (\`dicom.limits.pdu_bytes\`); any length of the peer is kept to.`,
      `Associations at a time: ${standardOf('dicom.limits.associations')} in all, ${standardOf('dicom.limits.per_source')} of one source. Asynchronous operations window: where the peer proposes it, as many of its operations as it proposes and at most ${standardOf('dicom.limits.async_operations')} are performed at a time, and one is invoked; without a proposal one.`,
      'SCP/SCU role selection is answered: a peer may be SCU of storage and verification, and SCU or SCP of storage commitment where it is served. Extended negotiation is not answered. User identity: see 7.2.',
    ),
    '##### 4.2.1.4 Association initiation',
    'Storage-SCP opens no association, but for reports on storage commitment to a source with a `commitment` section (role SCP by role selection).',
    '##### 4.2.1.5 Association acceptance',
    'An association is rejected where a row of this table holds; the first that holds decides.',
    rejectionTable(),
    'Of several transfer syntaxes in one presentation context the first of `dicom.transfer_syntaxes` is chosen, else the first of the peer that is accepted. Every other context is answered with result 3 (abstract syntax), 4 (transfer syntaxes) or 1 (no role is left).',
    acceptedContextsTable(),
    'Aborts by the acceptor:',
    abortTable(),
    'Limits, each counted in the metrics:',
    limitTable(),
    '##### 4.2.1.6 C-STORE',
    blocks(
      'A data set goes to the disk as it comes. A success status is sent only when data, folder and index are durable (fdatasync, fsync of the folder, commit of the database). Status codes:',
      storeStatusTable(),
      `One object has at most ${defaultReceiveLimits.objectBytesMax / GiB} GiB. Nothing is taken while less than ${defaultReceiveLimits.freeBytesMin / GiB} GiB is free. Stored studies are not offered for query or retrieval; the appliance is no archive.`,
      'Statuses that the DICOM library answers with of itself, for C-STORE and the other services:',
      libraryStatusTable(),
      `When the appliance is stopped, objects that are arriving have ${defaultScpLimits.closeGrace_ms / 1000} seconds to come to their end.`,
    ),
    '##### 4.2.1.7 Storage commitment as SCP',
    `By default (\`dicom.storage_commitment: refuse\`) it is refused: the presentation context where no destination has a \`commitment\` section, else, since reports are then taken in the same class, the N-ACTION with 0211H. Where it names a destination, an N-ACTION of a source with a \`commitment\` address is stored and accepted, and the instances are asked to be committed at the destination \`after_pacs\`; the N-EVENT-REPORT says success for those only that the destination has committed. It is sent on the association of the request while that is open, else on a new one, also after a restart. A request names at most ${COMMITMENT_REFERENCES_MAX} instances. Refusals: 0124H (the source has no \`commitment\` address), 0213H (\`open_max\` requests are open), 0131H (transaction UID known).`,
  );
