import { type FileHandle, open, readFile } from 'node:fs/promises';

/** One line of `log.jsonl`: an association, or an instance that was received. */
export type LogLine =
  | {
      readonly type: 'association';
      readonly event: 'accepted' | 'rejected' | 'released' | 'aborted';
      readonly associationId: string;
      readonly callingAeTitle: string;
      readonly calledAeTitle: string;
      readonly remoteAddress: string;
      readonly why: string;
    }
  | {
      readonly type: 'instance';
      readonly associationId: string;
      readonly sopClassUid: string;
      readonly sopInstanceUid: string;
      readonly transferSyntaxUid: string;
      readonly sha256: string;
      readonly bytes: number;
      /** Received before, in this run or an earlier one. */
      readonly repeat: boolean;
      /** Whether the data set is the same as the first time; true for the first time. */
      readonly bytesEqual: boolean;
      readonly file: string;
    };

export type ReceivedLog = {
  /** Durable when it resolves. Lines are written whole, one after the other. */
  append(line: LogLine): Promise<void>;
  close(): Promise<void>;
};

/** Reads all whole lines; a last line that a kill cut off is left out. */
export async function readLog(path: string): Promise<LogLine[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n').filter((line) => line.endsWith('}') && line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Opens the log to append to; after a line that was cut off, the next begins on a line of its own. */
export async function openLog(path: string): Promise<ReceivedLog> {
  const handle: FileHandle = await open(path, 'a+');
  const { size } = await handle.stat();
  if (size > 0) {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer.toString() !== '\n') await handle.appendFile('\n');
  }
  let last: Promise<void> = Promise.resolve();

  async function write(line: LogLine): Promise<void> {
    await handle.appendFile(`${JSON.stringify(line)}\n`);
    await handle.datasync();
  }

  return {
    append(line) {
      const mine = last.then(() => write(line));
      last = mine.catch(() => undefined); // Whoever wrote that line sees the failure; the next still gets its turn.
      return mine;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}
