import { Worker } from 'node:worker_threads';
import { entryFile } from '@collimator/shared/entry';
import { LANE_SLOTS, type LaneAnswers, type LanePlace, type LaneRequest, SLOT_BYTES } from './store-lane-protocol.ts';

/** Memory for one file on its way to the disk. */
export type LaneSlot = {
  /** Not there while the lane has it. */
  readonly bytes: Uint8Array;
  /** Gives it back, once; nothing may touch it afterwards. */
  free(): void;
};

/** The lane could not store a file; `code` as the file system has it. */
export class StoreLaneError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

export type Stored = { readonly sha256: string; readonly place: LanePlace };

/**
 * The short way of a small object to the disk: one thread that takes whatever is under way at once through write, sync,
 * link and folder sync. The ordinary way hands each of these to a pool of threads, and on a busy machine the handing
 * over costs several times what the calls do.
 */
export type StoreLane = {
  /** Undefined when all are in use: then the ordinary way is taken. */
  slot(): LaneSlot | undefined;
  /**
   * Makes a file of the first bytes of a slot, and puts it into its place, durably; see `LanePlace`.
   * Rejects with a `StoreLaneError`; then a part of the file may be left at `path`.
   */
  store(slot: LaneSlot, request: Omit<LaneRequest, 'id' | 'slot'>): Promise<Stored>;
  close(): Promise<void>;
};

export type StoreLaneOptions = {
  /** The thread has died; by default the process ends, as nothing else could be known of its files. */
  readonly onLost?: (error: Error) => void;
};

type Waiter = {
  readonly slot: Slot;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
};
type Slot = LaneSlot & { bytes: Uint8Array<ArrayBuffer> };

export async function openStoreLane({ onLost = endProcess }: StoreLaneOptions = {}): Promise<StoreLane> {
  const worker = new Worker(entryFile(import.meta.url, './store-lane-thread.js'));
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  worker.unref(); // Whoever waits for it holds a connection.
  // The last one given back is the next one given out, so that one sender at a time uses the memory of one.
  const unused: Uint8Array<ArrayBuffer>[] = [];
  let made = 0;
  const given = new WeakSet<LaneSlot>();
  const waiting = new Map<number, Waiter>();
  let lastId = 0;
  let closing = false;

  worker.on('message', ({ answers, slots }: LaneAnswers) => {
    for (const [i, answer] of answers.entries()) {
      const waiter = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiter === undefined) continue;
      waiter.slot.bytes = new Uint8Array(slots[i] as ArrayBuffer);
      if (answer.ok) waiter.resolve({ sha256: answer.sha256, place: answer.place });
      else waiter.reject(new StoreLaneError(answer.message, answer.code));
    }
  });
  const lose = (error: Error): void => {
    for (const waiter of waiting.values()) waiter.reject(new StoreLaneError(error.message));
    waiting.clear();
    if (closing) return;
    closing = true;
    onLost(error);
  };
  worker.on('error', (error) => lose(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => lose(new Error('the store lane has ended')));

  const isOurs = (slot: LaneSlot): slot is Slot => given.has(slot);

  return {
    slot() {
      if (closing || (unused.length === 0 && made === LANE_SLOTS)) return undefined;
      if (unused.length === 0) made += 1;
      const slot: Slot = {
        bytes: unused.pop() ?? new Uint8Array(SLOT_BYTES),
        free() {
          if (given.delete(slot)) unused.push(slot.bytes);
        },
      };
      given.add(slot);
      return slot;
    },
    store(slot, request) {
      if (closing || !isOurs(slot)) return Promise.reject(new StoreLaneError('the store lane is closed'));
      const id = ++lastId;
      return new Promise<Stored>((resolve, reject) => {
        waiting.set(id, { slot, resolve, reject });
        const memory = slot.bytes.buffer;
        worker.postMessage({ ...request, id, slot: memory } satisfies LaneRequest, [memory]);
      });
    },
    async close() {
      if (closing) return;
      closing = true;
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage('close');
      await ended;
    },
  };
}

function endProcess(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}
