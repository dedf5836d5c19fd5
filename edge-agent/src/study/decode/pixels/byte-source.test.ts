import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { blockingSources, createSpareBytes, openFileSource } from './byte-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'byte-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

const written = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

describe.each([
  ['a file', openFileSource],
  ['a file that is waited for', blockingSources(createSpareBytes())],
])('%s', (_, openSource) => {
  test('gives the bytes that are asked for, as many as there are', async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
    const source = await openSource(written('bytes', bytes));
    if (!source.ok) throw new Error(source.error.detail);
    expect(source.value.size).toBe(1000);
    expect(await source.value.read(10, 20)).toEqual(bytes.slice(10, 30));
    expect(await source.value.read(990, 20)).toEqual(bytes.slice(990));
    expect(await source.value.read(2000, 20)).toEqual(new Uint8Array(0));
    await source.value.close();
  });

  test('is refused where it is not there or empty', async () => {
    const missing = { code: 'image-unreadable', detail: 'the file cannot be opened: ENOENT' };
    expect(await openSource(join(folder, 'missing'))).toEqual({ ok: false, error: missing });
    const empty = { code: 'image-unreadable', detail: 'the file is empty' };
    expect(await openSource(written('empty', new Uint8Array(0)))).toEqual({ ok: false, error: empty });
  });
});

test('memory that is given back is read into again where the length is the same, and holds nothing of before', async () => {
  const spare = createSpareBytes();
  const source = await blockingSources(spare)(written('short', Uint8Array.of(1, 2, 3)));
  if (!source.ok) throw new Error(source.error.detail);
  const old = Uint8Array.of(9, 9, 9, 9);
  spare.put(old.buffer);
  expect(await source.value.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
  const again = await source.value.read(0, 4);
  expect(again).toEqual(Uint8Array.of(1, 2, 3));
  expect(again.buffer).toBe(old.buffer);
  expect((await source.value.read(0, 4)).buffer).not.toBe(old.buffer);
  await source.value.close();
});
