import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compilePreloaded } from '../preloaded-library.ts';
import { type Disk, powerCut, replay } from './crash-state.ts';
import { readDisk, writeDisk } from './disk-folder.ts';
import { readTrace } from './trace.ts';

export type Recorder = {
  /** For the environment of the program whose files are watched. */
  readonly env: Readonly<Record<string, string>>;
  /** What the folder holds now is durable; the program must not be running. */
  begin(): void;
  /**
   * The power went: puts the folder back to what was durable. The program must have ended, with all its children.
   *
   * @param kept asked for each change that was not synced: whether it had reached the disk all the same
   */
  cutPower(kept: () => boolean): void;
  /** What the trace says that the folder holds, had nothing been lost. */
  replayed(): Disk;
};

/** Compiles recorder.c and watches one folder with it. `scratch` holds the library and the traces. */
export function createRecorder(folder: string, scratch: string): Recorder {
  const library = compilePreloaded('lost-writes/recorder.c', scratch);
  const trace = join(scratch, 'trace');
  let before: Disk | undefined;
  const replayed = (): Disk => {
    if (before === undefined) throw new Error('begin() was not called');
    const disk = before;
    before = undefined;
    if (existsSync(trace)) replay(disk, readTrace(trace));
    return disk;
  };
  return {
    env: {
      LD_PRELOAD: library,
      RECORDER_FOLDER: folder,
      RECORDER_TRACE: trace,
      // Writes through io_uring would pass the recorder by.
      UV_USE_IO_URING: '0',
    },
    begin() {
      rmSync(trace, { force: true });
      before = readDisk(folder);
    },
    cutPower(kept) {
      const disk = replayed();
      powerCut(disk, kept);
      writeDisk(disk, folder);
    },
    replayed,
  };
}
