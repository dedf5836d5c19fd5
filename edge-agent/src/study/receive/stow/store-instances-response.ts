/** What became of one part of a request. UIDs are absent where the part does not name any. */
export type PartOutcome = {
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  /** As C-STORE has it (PS3.4 Table B.2-1), or one of PS3.18 Table I.2-2. */
  readonly status: number;
};

/** PS3.18 Table I.2-2. */
export const TRANSFER_SYNTAX_NOT_SUPPORTED = 0xc122;

export const isStored = ({ status }: PartOutcome): boolean => status === 0 || status >> 12 === 0xb;

/** PS3.18 Table 10.5.3-1: every instance stored, some or some with a warning, none. */
export function httpStatusOf(outcomes: readonly PartOutcome[]): 200 | 202 | 409 {
  if (!outcomes.some(isStored)) return 409;
  return outcomes.every(({ status }) => status === 0) ? 200 : 202;
}

type Attribute = { readonly vr: string; readonly Value?: readonly unknown[] };
type Item = Readonly<Record<string, Attribute>>;

/** Store Instances Response Module (PS3.18 Table I.1-1) as DICOM JSON. Nothing can be retrieved here: no Retrieve URL. */
export function storeInstancesResponse(outcomes: readonly PartOutcome[]): Item {
  const stored = outcomes.filter(isStored);
  const failed = outcomes.filter((outcome) => !isStored(outcome));
  const named = failed.filter(({ sopInstanceUid }) => sopInstanceUid !== undefined);
  const unnamed = failed.filter(({ sopInstanceUid }) => sopInstanceUid === undefined);
  return {
    '00081190': { vr: 'UR' },
    ...sequence(
      '00081198',
      named.map((outcome) => ({ ...referenceOf(outcome), ...reason('00081197', outcome) })),
    ),
    ...sequence(
      '00081199',
      stored.map((outcome) => ({
        ...referenceOf(outcome),
        '00081190': { vr: 'UR' },
        ...(outcome.status !== 0 && reason('00081196', outcome)),
      })),
    ),
    ...sequence(
      '0008119A',
      unnamed.map((outcome) => reason('00081197', outcome)),
    ),
  };
}

const sequence = (tag: string, items: readonly Item[]): Item =>
  items.length === 0 ? {} : { [tag]: { vr: 'SQ', Value: items } };

const referenceOf = ({ sopClassUid, sopInstanceUid }: PartOutcome): Item => ({
  '00081150': sopClassUid === undefined ? { vr: 'UI' } : { vr: 'UI', Value: [sopClassUid] },
  '00081155': { vr: 'UI', Value: [sopInstanceUid] },
});

const reason = (tag: string, { status }: PartOutcome): Item => ({ [tag]: { vr: 'US', Value: [status] } });
