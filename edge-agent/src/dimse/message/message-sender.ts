import { fragmentBytes, fragments } from './fragments.ts';
import { type CommandSet, encodeCommandSet } from './command-set.ts';
import type { Connection } from '../upper-layer/connection.ts';

export type DataSetSource = Uint8Array | AsyncIterable<Uint8Array>;

export type MessageSenderDeps = {
  readonly connection: Pick<Connection, 'data'>;
  /** The longest P-DATA-TF variable field that the peer takes, bytes; 0 for no limit. */
  readonly peerPduBytesMax: () => number;
  /** Called before each fragment of a data set; the returned function when the peer has taken it. */
  readonly onFragment?: () => () => void;
};

/**
 * Sends whole messages, one after the other in the order of the calls: fragments of two messages never mix
 * (PS3.7 §6.3). Resolves when the last fragment was taken, false when the association is over.
 * What reading the data set throws passes through; half a message was then sent, and the association must be aborted.
 */
export type MessageSender = (contextId: number, command: CommandSet, dataSet?: DataSetSource) => Promise<boolean>;

export function createMessageSender({ connection, peerPduBytesMax, onFragment }: MessageSenderDeps): MessageSender {
  let last: Promise<unknown> = Promise.resolve();

  async function one(contextId: number, command: CommandSet, dataSet?: DataSetSource): Promise<boolean> {
    const size = fragmentBytes(peerPduBytesMax());
    for await (const { data, isLast } of fragments(encodeCommandSet(command), size))
      if (!(await connection.data({ contextId, isCommand: true, isLast, data }))) return false;
    if (dataSet === undefined) return true;
    for await (const { data, isLast } of fragments(dataSet, size)) {
      const taken = onFragment?.();
      const going = await connection.data({ contextId, isCommand: false, isLast, data });
      taken?.();
      if (!going) return false;
    }
    return true;
  }

  return (contextId, command, dataSet) => {
    const sent = last.then(() => one(contextId, command, dataSet));
    last = sent.catch(() => undefined); // Whoever asked for that message is told; the next one is sent all the same.
    return sent;
  };
}
