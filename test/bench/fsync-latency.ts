import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Summary, summaryOf } from './report.ts';

/** What the disk under a folder needs to make 4 KiB more of a file durable, ms: the price of one promise. */
export function fsyncLatency_ms(folder: string, times: number): Summary {
  const file = join(folder, 'fsync-latency');
  const page = Buffer.alloc(4096, 1);
  const handle = openSync(file, 'w');
  try {
    const took_ms = Array.from({ length: times }, () => {
      const start = performance.now();
      writeSync(handle, page);
      fdatasyncSync(handle);
      return performance.now() - start;
    });
    return summaryOf(took_ms);
  } finally {
    closeSync(handle);
    rmSync(file);
  }
}
