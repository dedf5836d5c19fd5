import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolderSync } from './folder-sync.ts';
import type { InstanceHeader } from '../header/instance-header.ts';
import { placeOf, relativePath } from './instance-path.ts';
import { createPlacement, type Placement } from './instance-placement.ts';

const uids = { studyInstanceUid: '1', seriesInstanceUid: '1.1', sopInstanceUid: '1.1.1' };
const header = { ...uids, dataSetSha256: 'digest' } as InstanceHeader;
const ordinary = relativePath(placeOf(header));
const named = ordinary.replace('.dcm', '-replaced.dcm');

let folder: string;
let placement: Placement;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'placement-'));
  await mkdir(join(folder, dirname(ordinary)), { recursive: true });
  placement = createPlacement({
    studies: join(folder, 'studies'),
    index: { record: async () => 'duplicate' },
    folderSync: createFolderSync(),
    replacing: {
      stored: { pathOf: () => named, sha256Of: () => 'a', replace: async () => [] },
      newName: () => 'replaced',
      removal: { run: async () => undefined },
    },
  });
});
afterEach(() => rm(folder, { recursive: true }));

const stored = (): Promise<string[]> => readdir(join(folder, dirname(ordinary)));
const text = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');

describe('an instance that replaced another one and comes again', () => {
  /** The ordinary way, the same when a file lies at the ordinary place, and the way of the store lane. */
  const ways: [string, () => Promise<unknown>][] = [
    [
      'by the ordinary way',
      async () => {
        await writeFile(join(folder, 'part'), 'again');
        return placement.place(join(folder, 'part'), header);
      },
    ],
    [
      'where a file of a crash lies',
      async () => {
        await writeFile(join(folder, 'part'), 'again');
        await writeFile(join(folder, ordinary), 'of a crash');
        return placement.place(join(folder, 'part'), header);
      },
    ],
    [
      'by the store lane',
      async () => {
        await writeFile(join(folder, ordinary), 'again');
        return placement.record(join(folder, 'part'), header);
      },
    ],
  ];

  it.each(ways)('%s is stored under its own name when its file is gone', async (_, arrive) => {
    expect(await arrive()).toBe('duplicate');
    expect(await stored()).toEqual([named.split('/').at(-1)]);
    expect(await text(named)).toBe('again');
  });

  it.each(ways)('%s changes nothing when its file is there', async (_, arrive) => {
    await writeFile(join(folder, named), 'the stored one');
    expect(await arrive()).toBe('duplicate');
    expect(await stored()).toEqual([named.split('/').at(-1)]);
    expect(await text(named)).toBe('the stored one');
  });
});
