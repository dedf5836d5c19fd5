import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { type Association, AssociationError } from '../../dimse/index.ts';
import type { DeliveryRow } from '../../store/delivery-row.ts';
import type { After } from '../../timers.ts';
import { asImplicitVr } from './as-implicit-vr.ts';
import { type Away, failedWith, remark, type Sender, type Tell } from './sender.ts';
import type { ResultFile } from './result-file.ts';

export type Offered = Pick<DeliveryRow, 'sopClassUid' | 'transferSyntaxUid'>;

export type DimseSenderDeps = {
  readonly name: string;
  /** Opens an association that offers these SOP classes, each in this transfer syntax and in what `otherwise` says; at most 64. */
  readonly open: (offered: readonly Offered[]) => Promise<Association>;
  /** The file of a result; undefined when it is not what was made, which was told already. */
  readonly fileOf: (row: DeliveryRow, tell: Tell) => Promise<ResultFile | undefined>;
  /** How long an association without work is kept, and how many objects one carries. */
  readonly idle_ms: number;
  readonly objectsMax: number;
  readonly after: After;
};

type Live = { readonly association: Association; readonly offered: ReadonlySet<string>; objects: number };
type Unanswered = { readonly row: DeliveryRow; readonly error: AssociationError };

/** PS3.8 §9.3.2.2: context ids are odd and below 256, and each SOP class may have two. */
const CLASSES_MAX = 64;

/** What a result can be sent in when the syntax that it has on disk is not taken. */
export const otherwise = (transferSyntaxUid: string): readonly string[] =>
  transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN ? [IMPLICIT_LITTLE_ENDIAN] : [];

/**
 * Sends over one association that is kept as long as there is work, and a bounded time after. An association that was
 * idle may be dead without our knowing: what it does not take goes over a new one, the same bytes again.
 */
export function createDimseSender(deps: DimseSenderDeps): Sender {
  let live: Live | undefined;
  const ending = { stopped: false };
  let keepNoLonger: () => void = () => undefined;
  /** What was sent before is offered again, so that one association serves all kinds of results. */
  const known = new Map<string, Offered>();

  async function send(rows: readonly DeliveryRow[], tell: Tell): Promise<Away | undefined> {
    keepNoLonger();
    let waiting = rows;
    /** Went unanswered over an association that had been idle. */
    let repeated: readonly Unanswered[] = [];
    while (waiting.length > 0 && !ending.stopped) {
      const reused = live !== undefined && live.objects > 0;
      const used = await associationFor(waiting);
      if ('away' in used || 'refused' in used) {
        for (const { row, error } of repeated) await tell(row, unansweredFailure(error));
        const left = waiting.filter((row) => !repeated.some((one) => one.row === row));
        if ('away' in used) return used.away;
        for (const row of left) await tell(row, refusal(used.refused));
        return undefined;
      }
      const now = waiting.slice(0, deps.objectsMax - used.objects);
      const { unanswered, notBegun } = await sendOver(used, now, tell);
      const [first] = unanswered;
      if (first !== undefined) {
        drop();
        if (!reused || repeated.length > 0) {
          for (const { row, error } of unanswered) await tell(row, unansweredFailure(error));
          return { detail: first.error.message };
        }
        repeated = unanswered;
      }
      waiting = [...unanswered.map(({ row }) => row), ...notBegun, ...waiting.slice(now.length)];
      if (live !== undefined && live.objects >= deps.objectsMax) await close();
      if (first === undefined) repeated = [];
    }
    return undefined;
  }

  async function associationFor(
    rows: readonly DeliveryRow[],
  ): Promise<Live | { readonly away: Away } | { readonly refused: string }> {
    for (const row of rows) if (known.size < CLASSES_MAX) known.set(keyOf(row), row);
    if (live !== undefined && rows.some((row) => !live?.offered.has(keyOf(row)))) await close();
    if (live !== undefined) return live;
    if (rows.some((row) => !known.has(keyOf(row)))) known.clear();
    for (const row of rows) if (known.size < CLASSES_MAX) known.set(keyOf(row), row);
    try {
      live = { association: await deps.open([...known.values()]), offered: new Set(known.keys()), objects: 0 };
      return live;
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      if (error.code === 'no-accepted-context') return { refused: error.message };
      // A refused AE title is an outage as well: it ends when someone has put a configuration right.
      return { away: { detail: error.message } };
    }
  }

  /** Sends as many at a time as was negotiated. */
  async function sendOver(
    used: Live,
    rows: readonly DeliveryRow[],
    tell: Tell,
  ): Promise<{ readonly unanswered: readonly Unanswered[]; readonly notBegun: readonly DeliveryRow[] }> {
    const unanswered: Unanswered[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (!ending.stopped && unanswered.length === 0 && next < rows.length) {
        const row = rows[next];
        next += 1;
        if (row === undefined) return;
        const error = await sendOne(used, row, tell);
        if (error !== undefined) unanswered.push({ row, error });
      }
    };
    const workers = Math.min(used.association.accepted.operationsMax, rows.length);
    await Promise.all(Array.from({ length: workers }, work));
    return { unanswered, notBegun: rows.slice(next) };
  }

  /** The error when no answer came. */
  async function sendOne(used: Live, row: DeliveryRow, tell: Tell): Promise<AssociationError | undefined> {
    const { sopClassUid, sopInstanceUid } = row;
    const transferSyntaxUid = [row.transferSyntaxUid, ...otherwise(row.transferSyntaxUid)].find((syntax) =>
      used.association.accepts(sopClassUid, syntax),
    );
    if (transferSyntaxUid === undefined) {
      await tell(row, refusal(`${deps.name} does not accept its SOP class or transfer syntax`));
      return undefined;
    }
    const file = await deps.fileOf(row, tell);
    if (file === undefined) return undefined;
    used.objects += 1;
    try {
      const { status, comment } = await used.association.store({
        sopClassUid,
        sopInstanceUid,
        transferSyntaxUid,
        dataSet: transferSyntaxUid === row.transferSyntaxUid ? file.dataSet() : asImplicitVr(file.dataSet()),
      });
      await tell(row, {
        type: 'answered',
        answer: { status, ...(comment !== undefined && { comment: remark(comment) }) },
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      return error;
    } finally {
      await file.close();
    }
  }

  /** Everything that was sent is noted already; a peer that does not release cleanly changes nothing. */
  async function close(): Promise<void> {
    const one = live?.association;
    live = undefined;
    await one?.release().catch(() => one.abort());
  }

  function drop(): void {
    live?.association.abort();
    live = undefined;
  }

  return {
    async send(rows, tell) {
      try {
        return await send(rows, tell);
      } catch (error) {
        drop();
        throw error;
      }
    },
    rest() {
      if (live === undefined) return;
      keepNoLonger();
      keepNoLonger = deps.after(deps.idle_ms, () => void close());
    },
    stop() {
      ending.stopped = true;
      keepNoLonger();
      drop();
    },
  };
}

const keyOf = ({ sopClassUid, transferSyntaxUid }: Offered): string => `${sopClassUid} ${transferSyntaxUid}`;

const refusal = (detail: string) => failedWith({ class: 'permanent', code: 'delivery-refused', detail });

const unansweredFailure = (error: AssociationError) =>
  failedWith({ class: 'ambiguous', code: 'delivery-unanswered', detail: error.message });
