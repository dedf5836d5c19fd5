import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Hex } from './canonical-json.ts';
import { decodeChunk, encodeChunk } from './chunk-file.ts';
import { compatible } from './compatibility.ts';
import { fileListProblem, safeReleasePath } from './file-list.ts';
import { listFiles } from './list-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'collimator-manifest-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the file list of a folder', () => {
  test('cuts files into chunks of 256 KiB, names each by its raw bytes, and zips where it pays', async () => {
    const random = randomBytes(600_000);
    await mkdir(join(folder, 'golden'));
    await writeFile(join(folder, 'model.onnx'), random);
    await writeFile(join(folder, 'golden/zeros.npy'), Buffer.alloc(300_000));
    await writeFile(join(folder, 'empty'), '');
    await writeFile(join(folder, 'release.json'), '{}');
    const files = await listFiles(folder);
    expect(Object.keys(files)).toEqual(['empty', 'golden/zeros.npy', 'model.onnx']);
    expect(files['model.onnx']?.chunks.map((c) => [c.offset, c.length, c.encoding])).toEqual([
      [0, 262_144, 'identity'],
      [262_144, 262_144, 'identity'],
      [524_288, 75_712, 'identity'],
    ]);
    expect(files['model.onnx']?.sha256).toBe(sha256Hex(random));
    expect(files['golden/zeros.npy']?.chunks.map((c) => c.encoding)).toEqual(['gzip', 'gzip']);
    expect(files['empty']).toEqual({ sha256: sha256Hex(''), bytes: 0, chunks: [] });
    expect(fileListProblem(files)).toBeUndefined();
  });

  test('refuses a link', async () => {
    await symlink('/etc/hostname', join(folder, 'model.onnx'));
    await expect(listFiles(folder)).rejects.toMatchObject({ code: 'release-path-unsafe' });
  });
});

test.each(['../x', '/x', 'a/../b', 'a//b', './a', '.hidden', 'a/.git', 'a\\b', 'a/', '', 'x\0', 'nul.', 'a b'])(
  'the path %j is unsafe',
  (path) => expect(safeReleasePath(path)).toBe(false),
);

test('a file list names no path twice, whatever the case, and none below a file', () => {
  const file = { sha256: sha256Hex(''), bytes: 0, chunks: [] };
  expect(fileListProblem({ a: file, A: file })?.code).toBe('release-path-unsafe');
  expect(fileListProblem({ a: file, 'a/b': file })?.code).toBe('release-path-unsafe');
  expect(fileListProblem({ 'release.json': file })?.code).toBe('release-path-unsafe');
  expect(fileListProblem({ a: { ...file, bytes: 1 } })?.code).toBe('release-invalid');
});

describe('a chunk', () => {
  const encoded = async (raw: Buffer) => {
    const { encoding, payload } = await encodeChunk(raw);
    return { chunk: { sha256: sha256Hex(raw), length: raw.length, encoding }, payload };
  };

  test('comes back as it went, for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 4096 }), async (array) => {
        const raw = Buffer.from(array);
        const { chunk, payload } = await encoded(raw);
        expect(decodeChunk(chunk, payload)).toEqual({ ok: true, value: raw });
      }),
    );
  });

  test('with any single flipped bit is refused, or gives the very same bytes', async () => {
    for (const raw of [randomBytes(64), Buffer.alloc(2000, 'tumour')]) {
      const { chunk, payload } = await encoded(raw);
      for (let bit = 0; bit < payload.length * 8; bit++) {
        const flipped = Buffer.from(payload);
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        const decoded = decodeChunk(chunk, flipped);
        // A gzip header has bits that mean nothing; what counts is that no other bytes ever come out.
        const zipped = payload.length < raw.length;
        const harmless = decoded.ok && zipped && decoded.value.equals(raw);
        expect(!decoded.ok || harmless).toBe(true);
      }
    }
  });

  test('does not inflate beyond its length', async () => {
    const { payload: bomb } = await encodeChunk(Buffer.alloc(10_000_000));
    const chunk = { sha256: '0'.repeat(64), length: 1000, encoding: 'gzip' } as const;
    expect(decodeChunk(chunk, bomb)).toMatchObject({ error: { code: 'chunk-mismatch' } });
  });
});

test('compatibility names every lack', () => {
  const needs = { providers: ['cuda'] as ('cuda' | 'cpu')[], memory_bytes_min: 10, opset: 17 };
  expect(compatible(needs, { providers: ['cuda', 'cpu'], memory_bytes: 10, opset_max: 17 }).ok).toBe(true);
  const poor = compatible(needs, { providers: ['cpu'], memory_bytes: 9, opset_max: 16 });
  expect(poor).toMatchObject({
    error: { code: 'release-incompatible', detail: expect.stringMatching(/cuda.*memory.*opset/) as string },
  });
});
