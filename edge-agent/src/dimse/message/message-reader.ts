import { err, ok, type Result } from '../result.ts';
import type { Pdv } from '../upper-layer/pdu.ts';
import { type CommandSet, decodeCommandSet, NO_DATA_SET } from './command-set.ts';

/** Longest command set taken, bytes: a C-STORE-RQ has about 300. */
export const COMMAND_BYTES_MAX = 16_384;
/** Most fragments of a command set: what fits the smallest fragments that anybody makes, two bytes each. */
export const COMMAND_FRAGMENTS_MAX = COMMAND_BYTES_MAX / 2;

export type MessagePart =
  | {
      readonly type: 'command';
      readonly contextId: number;
      readonly command: CommandSet;
      readonly dataSetFollows: boolean;
    }
  | { readonly type: 'data'; readonly bytes: Uint8Array; readonly isLast: boolean };

export type MessageReader = {
  /** Takes one PDV. Undefined while a command is not whole; an error when the order of PS3.7 §6.3 is broken. */
  push(pdv: Pdv): Result<MessagePart | undefined, string>;
  /** Whether a message has begun and not ended. */
  inMessage(): boolean;
};

/** Puts command fragments together and passes data set fragments on as they come, however they are cut. */
export function createMessageReader(): MessageReader {
  let expects: 'command' | 'data' = 'command';
  let contextId = 0;
  let fragments: Uint8Array[] = [];
  let bytes = 0;

  function command(pdv: Pdv): Result<MessagePart | undefined, string> {
    if (fragments.length > 0 && pdv.contextId !== contextId) return err('a command changes its presentation context');
    bytes += pdv.data.length;
    if (bytes > COMMAND_BYTES_MAX) return err(`a command set of more than ${COMMAND_BYTES_MAX} bytes`);
    // Fragments may be empty, so the bytes alone do not bound what is held.
    if (fragments.length >= COMMAND_FRAGMENTS_MAX)
      return err(`a command set of more than ${COMMAND_FRAGMENTS_MAX} fragments`);
    contextId = pdv.contextId;
    fragments.push(pdv.data);
    if (!pdv.isLast) return ok(undefined);
    const decoded = decodeCommandSet(Buffer.concat(fragments, bytes));
    fragments = [];
    bytes = 0;
    if (!decoded.ok) return decoded;
    const dataSetFollows = decoded.value.dataSetType !== NO_DATA_SET;
    if (dataSetFollows) expects = 'data';
    return ok({ type: 'command', contextId, command: decoded.value, dataSetFollows });
  }

  return {
    inMessage: () => expects === 'data' || fragments.length > 0,
    push(pdv) {
      if (pdv.isCommand !== (expects === 'command'))
        return err(pdv.isCommand ? 'a command inside a data set' : 'a data set without a command');
      if (expects === 'command') return command(pdv);
      if (pdv.contextId !== contextId) return err('a data set on another presentation context than its command');
      if (pdv.isLast) expects = 'command';
      return ok({ type: 'data', bytes: pdv.data, isLast: pdv.isLast });
    },
  };
}
