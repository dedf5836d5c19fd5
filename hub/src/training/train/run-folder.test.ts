import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRunFolder } from './run-folder.ts';
import type { PipelineResult } from './run-pipeline.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const result = (text: string): PipelineResult => ({
  release: [
    { path: 'model.onnx', bytes: Buffer.from(text) },
    { path: 'golden/0.pixels.npy', bytes: Buffer.from(text) },
  ],
  weights: { bytes: Buffer.from(text), index: '[]', sha256: '' },
  dice: 1,
  parityMaxAbsDiff: 0,
  parameters: 1,
  steps: 1,
});

test('a run that starts over removes what the last one left', () => {
  const first = openRunFolder(folder);
  first.append({ type: 'test', dice: 1, slices: 1, elapsed_s: 0, cpu_s: 0 });
  first.finish(result('first'));
  first.close();
  const second = openRunFolder(folder);
  expect(readdirSync(folder)).toEqual(['metrics.jsonl']);
  expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).toBe('');
  second.close();
});

test('the release appears whole, and one that a stray child left meanwhile is replaced', () => {
  const stray = openRunFolder(folder);
  const ours = openRunFolder(folder);
  stray.finish(result('stray'));
  expect(ours.finish(result('ours'))).toBe(join(folder, 'release'));
  expect(readFileSync(join(folder, 'release/model.onnx'), 'utf8')).toBe('ours');
  expect(readFileSync(join(folder, 'release/golden/0.pixels.npy'), 'utf8')).toBe('ours');
  expect(readdirSync(folder).some((name) => name.startsWith('release.partial'))).toBe(false);
  expect(existsSync(join(folder, 'weights.json'))).toBe(true);
  stray.close();
  ours.close();
});
