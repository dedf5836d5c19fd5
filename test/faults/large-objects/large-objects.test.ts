import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLoadMaker } from '../../bench/dicom/load.ts';
import { peakRss_mb } from '../../bench/process-tree.ts';
import { isLong } from '../campaign.ts';
import { dataSetDigest } from './data-set-digest.ts';
import { type Receiver, startStorageNode, startStowServer } from './receivers.ts';

// An object of any size goes through a receiver piece by piece: its memory does not know how long the object is. The
// long form sends 2 GB each way; it wants 5 GB of a real disk.

/** Bytes of pixels. The large one is far beyond what the receiver may take more, or nothing would be shown. */
const sizes = isLong ? { small: 64e6, large: 2e9 } : { small: 4e6, large: 256e6 };
/** What the peak for the large one may be above that for the small one, MB: a quarter of the smallest large one. */
const marginMb = 64;
const testMsMax = 900_000;

let folder: string;
beforeEach(() => {
  // Beside the other caches of the checkout, so on its disk.
  folder = mkdtempSync(fileURLToPath(new URL('../../../node_modules/large-objects-', import.meta.url)));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Start = (dataDir: string) => Promise<Receiver>;

/** A fresh receiver takes one object whole; the most memory that it ever had resident, MB. */
async function peakFor(start: Start, name: keyof typeof sizes): Promise<number> {
  const [file = ''] = createLoadMaker(folder).large(name, sizes[name]).files;
  const dataDir = join(folder, `data-${name}`);
  mkdirSync(dataDir);
  const receiver = await start(dataDir);
  try {
    await receiver.send(file);
    const peak = peakRss_mb(receiver.pid);
    const studies = join(dataDir, 'studies');
    const stored = (await readdir(studies, { recursive: true })).filter((path) => path.endsWith('.dcm'));
    expect(stored).toHaveLength(1);
    expect(await dataSetDigest(join(studies, stored[0] ?? ''))).toBe(await dataSetDigest(file));
    return peak;
  } finally {
    await receiver.stop();
    rmSync(dataDir, { recursive: true });
    rmSync(file);
  }
}

describe(`an object of ${sizes.large / 1e6} MB`, () => {
  test.each<[string, Start]>([
    ['C-STORE', startStorageNode],
    ['STOW-RS', startStowServer],
  ])(`by %s needs no more memory than one of ${sizes.small / 1e6} MB`, { timeout: testMsMax }, async (way, start) => {
    const small = await peakFor(start, 'small');
    const large = await peakFor(start, 'large');
    process.stdout.write(
      `${way}: peak ${small.toFixed(1)} MB for an object of ${sizes.small / 1e6} MB, ${large.toFixed(1)} MB for one of ${sizes.large / 1e6} MB\n`,
    );
    expect(small).toBeGreaterThan(0);
    expect(large).toBeLessThanOrEqual(small + marginMb);
  });
});
