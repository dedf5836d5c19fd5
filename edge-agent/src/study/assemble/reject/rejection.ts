import type { RejectionReason } from '../../result/rejection-note.ts';

/** What a key object does to the instances that it names. */
export type KeyObjectEffect =
  /** They are not used any more, and what was made of them is withdrawn. */
  | { readonly do: 'reject'; readonly reason: Exclude<RejectionReason, 'retention'> }
  /** Their time is over at the source; what was made of them stays. */
  | { readonly do: 'expire' }
  | { readonly do: 'nothing' };

const reasons: Readonly<Record<string, Exclude<RejectionReason, 'retention'>>> = {
  '113001': 'quality',
  '113037': 'patient-safety',
  '113038': 'worklist',
};
const RETENTION_EXPIRED = '113039';

/** @param title code of the document title in the DICOM terminology (PS3.16 CID 7010, as IHE RAD's IOCM uses it) */
export function effectOf(title: string | undefined): KeyObjectEffect {
  if (title === RETENTION_EXPIRED) return { do: 'expire' };
  const reason = title === undefined ? undefined : reasons[title];
  return reason === undefined ? { do: 'nothing' } : { do: 'reject', reason };
}
