import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeGroup, writeFile } from './store-group.ts';
import { openStoreLane, type StoreLane, StoreLaneError } from './store-lane.ts';
import { LANE_SLOTS, type LaneRequest } from './store-lane-protocol.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'collimator-lane-'));
  for (const name of ['incoming', 'a', 'b']) mkdirSync(join(dir, name));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const PREFACE_BYTES = 4;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const names = (): string[] => (readdirSync(dir, { recursive: true }) as string[]).toSorted();

describe('a group of files', () => {
  const slots = Array.from({ length: 4 }, (_, slot) => new TextEncoder().encode(`meta${'content '.repeat(slot + 1)}`));
  const request = (slot: number, folder = 'a', name = `${slot}.dcm`): LaneRequest => ({
    ...{ id: slot, slot: slots[slot]?.buffer as ArrayBuffer, bytes: slots[slot]?.length ?? 0 },
    contentAt: PREFACE_BYTES,
    path: join(dir, 'incoming', `${slot}.part`),
    folder: join(dir, folder),
    target: join(dir, folder, name),
  });

  it('is put into its places, each file whole and with the digest of its content', async () => {
    const answers = await storeGroup([request(0), request(1, 'b'), request(2)].map(writeFile));
    expect(answers).toEqual(
      [0, 1, 2].map((slot) => ({
        ...{ id: slot, ok: true, place: 'placed' },
        sha256: sha256((slots[slot] as Uint8Array).subarray(PREFACE_BYTES)),
      })),
    );
    expect(names()).toEqual(['a', 'a/0.dcm', 'a/2.dcm', 'b', 'b/1.dcm', 'incoming']);
    expect(readFileSync(join(dir, 'b/1.dcm')).equals(slots[1] as Uint8Array)).toBe(true);
  });

  it('replaces nothing, and says where a file is that found no place', async () => {
    writeFileSync(join(dir, 'a/0.dcm'), 'first');
    const answers = await storeGroup([request(0), request(1, 'gone'), request(2)].map(writeFile));
    expect(answers).toMatchObject([{ place: 'there' }, { place: 'no-folder' }, { place: 'placed' }]);
    expect(readFileSync(join(dir, 'a/0.dcm'), 'utf8')).toBe('first');
    expect(names()).toEqual(['a', 'a/0.dcm', 'a/2.dcm', 'b', 'incoming', 'incoming/0.part', 'incoming/1.part']);
  });

  it('loses no other file to one that fails', async () => {
    writeFileSync(join(dir, 'incoming/1.part'), 'taken');
    const answers = await storeGroup([request(0), request(1), request(2)].map(writeFile));
    expect(answers).toMatchObject([{ ok: true }, { id: 1, ok: false, code: 'EEXIST' }, { ok: true }]);
    expect(readFileSync(join(dir, 'incoming/1.part'), 'utf8')).toBe('taken');
  });
});

describe('the store lane', () => {
  let lane: StoreLane;
  beforeEach(async () => {
    lane = await openStoreLane();
  });
  afterEach(() => lane.close());

  function store(content: Uint8Array, name: string): ReturnType<StoreLane['store']> {
    const slot = lane.slot();
    if (slot === undefined) throw new Error('no slot');
    slot.bytes.set(content, PREFACE_BYTES);
    const folder = join(dir, 'a');
    return lane
      .store(slot, {
        ...{ bytes: PREFACE_BYTES + content.length, contentAt: PREFACE_BYTES, folder },
        ...{ path: join(dir, 'incoming', `${name}.part`), target: join(folder, name) },
      })
      .finally(() => slot.free());
  }

  it('stores whatever comes at once, each under its own name', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: LANE_SLOTS }), async (contents) => {
        const named = contents.map((content) => ({ content, name: `${made++}.dcm` }));
        const stored = await Promise.all(named.map(({ content, name }) => store(content, name)));
        for (const [i, { content, name }] of named.entries()) {
          expect(stored[i]).toEqual({ sha256: sha256(content), place: 'placed' });
          expect(
            readFileSync(join(dir, 'a', name))
              .subarray(PREFACE_BYTES)
              .equals(content),
          ).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
    expect(readdirSync(join(dir, 'incoming'))).toEqual([]);
  });

  it('has so many slots, and gives out again what was given back', () => {
    const slots = Array.from({ length: LANE_SLOTS }, () => lane.slot());
    expect(slots.every((slot) => slot !== undefined)).toBe(true);
    expect(lane.slot()).toBeUndefined();
    slots[3]?.free();
    slots[3]?.free();
    expect(lane.slot()).toBeDefined();
    expect(lane.slot()).toBeUndefined();
  });

  it('rejects with the code of the file system', async () => {
    rmSync(join(dir, 'incoming'), { recursive: true });
    const failed = await store(Buffer.from('x'), 'x.dcm').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreLaneError);
    expect(failed).toMatchObject({ code: 'ENOENT' });
  });

  it('stores what it has before it closes, and nothing afterwards', async () => {
    const last = store(Buffer.from('x'), 'x.dcm');
    await lane.close();
    expect(await last).toMatchObject({ place: 'placed' });
    expect(existsSync(join(dir, 'a/x.dcm'))).toBe(true);
    expect(lane.slot()).toBeUndefined();
  });
});
