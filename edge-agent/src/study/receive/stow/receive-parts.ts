import { storeStatuses } from '@collimator/shared/dicom/statuses';
import { isUid } from '@collimator/shared/dicom/uids';
import type { StoreOutcome, StoreRequest, StoreSink, StoreWrite } from '../../../dimse/index.ts';
import {
  createMultipartParser,
  type MultipartLimits,
  type MultipartProblem,
  type PartHeaders,
} from './multipart-parser.ts';
import { readPart10Head } from './part10-head.ts';
import { type PartOutcome, TRANSFER_SYNTAX_NOT_SUPPORTED } from './store-instances-response.ts';

export type ReceivePartsDeps = {
  readonly sink: StoreSink;
  /** The same for all parts of the request. */
  readonly request: Omit<StoreRequest, 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid'>;
  readonly boundary: string;
  readonly takesSopClass: (uid: string) => boolean;
  readonly takesTransferSyntax: (uid: string) => boolean;
  readonly limits: MultipartLimits & {
    /** Of the whole body. */
    readonly bytesMax: number;
    /** Objects that are being made durable while the next ones arrive. */
    readonly commitsMax: number;
  };
  /** What the sink threw; the part is answered with 0110H. */
  readonly onFault: (error: unknown) => void;
};

/** What became of a request. `problem`: why the rest of the body was not read; `cut-off`: it did not come. */
export type ReceivedParts = {
  readonly outcomes: readonly PartOutcome[];
  readonly bytes: number;
  readonly problem?: MultipartProblem | { readonly kind: 'cut-off'; readonly why: string };
};

/** To be thrown by a body whose rest will not come. */
export class BodyCutOff extends Error {}

type Part = {
  readonly index: number;
  /** The first bytes, until the file meta information is whole. */
  head: Buffer | undefined;
  uids: { readonly sopClassUid?: string; readonly sopInstanceUid?: string };
  write: StoreWrite | undefined;
  /** Set as soon as the part is refused; the rest of it is read past. */
  refused: StoreOutcome | undefined;
};

const fault: StoreOutcome = { status: storeStatuses.processingFailure.code };
const cannotUnderstand: StoreOutcome = { status: storeStatuses.cannotUnderstand.code };
const plainEncodings = new Set(['binary', '8bit', '7bit']);

/**
 * Streams each part of a multipart/related body into the sink (PS3.18 §10.5.1.2), its file meta information in place of
 * a command set. Nothing more is read while the sink works on what came, and never more than a part's head is held.
 * Resolves when everything that came is durable or given up; a body that throws something else than `BodyCutOff` is a bug.
 */
export async function receiveParts(body: AsyncIterable<Uint8Array>, deps: ReceivePartsDeps): Promise<ReceivedParts> {
  const { sink, limits } = deps;
  const parser = createMultipartParser(deps.boundary, limits);
  const outcomes: PartOutcome[] = [];
  const committing = new Set<Promise<void>>();
  let part: Part | undefined;
  let bytes = 0;

  /** Runs a part of the sink; what it throws is our fault. */
  async function guarded<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      deps.onFault(error);
      return undefined;
    }
  }

  function begin(headers: PartHeaders): void {
    const uids = {};
    part = { index: outcomes.length, head: Buffer.alloc(0), uids, write: undefined, refused: whyNot(headers) };
    outcomes.push(fault);
  }

  /** The file meta information is whole: what the sink, or the policy, says to it. */
  async function announce(one: Part, head: Buffer): Promise<Buffer | undefined> {
    const read = readPart10Head(head);
    if (!read.ok) {
      one.refused = cannotUnderstand;
      return undefined;
    }
    if (read.value === undefined) {
      one.head = head;
      return undefined;
    }
    one.head = undefined;
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetAt } = read.value;
    one.uids = { ...(isUid(sopClassUid) && { sopClassUid }), ...(isUid(sopInstanceUid) && { sopInstanceUid }) };
    one.refused = refusalOf({ sopClassUid, sopInstanceUid, transferSyntaxUid });
    if (one.refused !== undefined) return undefined;
    const begun = await guarded(() => sink.begin({ ...deps.request, sopClassUid, sopInstanceUid, transferSyntaxUid }));
    if (begun?.ok !== true) {
      one.refused = begun?.error ?? fault;
      return undefined;
    }
    one.write = begun.value;
    return head.subarray(dataSetAt);
  }

  function refusalOf(uids: {
    readonly sopClassUid: string;
    readonly sopInstanceUid: string;
    readonly transferSyntaxUid: string;
  }): StoreOutcome | undefined {
    if (!isUid(uids.sopInstanceUid)) return { status: storeStatuses.invalidObjectInstance.code };
    if (!deps.takesSopClass(uids.sopClassUid)) return { status: storeStatuses.sopClassNotSupported.code };
    return deps.takesTransferSyntax(uids.transferSyntaxUid) ? undefined : { status: TRANSFER_SYNTAX_NOT_SUPPORTED };
  }

  async function take(one: Part, data: Uint8Array): Promise<void> {
    if (one.refused !== undefined) return;
    const content = one.head === undefined ? data : await announce(one, Buffer.concat([one.head, data]));
    const { write } = one;
    if (content === undefined || content.length === 0 || write === undefined) return;
    const taken = await guarded(async () => {
      await write.write(content);
      return true;
    });
    if (taken === true) return;
    one.write = undefined;
    one.refused = fault;
    await guarded(() => write.abort());
  }

  async function end(one: Part): Promise<void> {
    part = undefined;
    const { write, uids } = one;
    // A file that ends within its meta information has no data set.
    outcomes[one.index] = {
      ...uids,
      status: (one.refused ?? (one.head === undefined ? fault : cannotUnderstand)).status,
    };
    if (write === undefined) return;
    const commit = async (): Promise<void> => {
      const outcome = await guarded(() => write.commit());
      outcomes[one.index] = { ...uids, status: (outcome ?? fault).status };
    };
    const committed = commit().finally(() => committing.delete(committed));
    committing.add(committed);
    if (committing.size >= limits.commitsMax) await Promise.race(committing);
  }

  async function readAll(): Promise<ReceivedParts['problem']> {
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > limits.bytesMax)
          return { kind: 'too-large', why: `the body is longer than ${limits.bytesMax} bytes` };
        const events = parser.push(chunk);
        if (!events.ok) return events.error;
        for (const event of events.value) {
          if (event.type === 'part') begin(event.headers);
          else if (part !== undefined) await (event.type === 'data' ? take(part, event.bytes) : end(part));
        }
      }
    } catch (error) {
      if (!(error instanceof BodyCutOff)) throw error;
      return { kind: 'cut-off', why: error.message };
    }
    const finished = parser.finish();
    return finished.ok ? undefined : finished.error;
  }

  /** Gives up what is not whole, and waits for what is. */
  async function settle(): Promise<void> {
    const left: Part | undefined = part;
    if (left !== undefined) {
      outcomes[left.index] = { ...left.uids, status: (left.refused ?? cannotUnderstand).status };
      const { write } = left;
      if (write !== undefined) await guarded(() => write.abort());
    }
    await Promise.all(committing);
  }

  let problem: ReceivedParts['problem'];
  try {
    problem = await readAll();
  } finally {
    await settle();
  }
  return { outcomes, bytes, ...(problem !== undefined && { problem }) };
}

/** Why a part is not looked at: it is something else than a DICOM file, or written otherwise than byte for byte. */
function whyNot(headers: PartHeaders): StoreOutcome | undefined {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'application/dicom';
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary';
  return type === 'application/dicom' && plainEncodings.has(encoding) ? undefined : cannotUnderstand;
}
