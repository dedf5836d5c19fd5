import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeRelease } from '../integration/study-way/release-folder.ts';
import { createModelEngine, type ModelEngine } from './model-engine.ts';

let folder: string;
let engine: ModelEngine;
let sha256: string;
const waitingMax = 2;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'engine-'));
  const release = await writeRelease(join(folder, 'release'), '1.0.0');
  sha256 = release.ref.sha256;
  engine = await createModelEngine([release], waitingMax);
});
afterEach(() => rmSync(folder, { recursive: true }));

const ask = (signal = new AbortController().signal) =>
  engine.infer({
    ...{ sha256, stage: 0, priority: 2, outputs: ['logits'], signal },
    inputs: [{ name: 'image', dims: [1, 1, 16, 16], data: new Float32Array(256).fill(9) }],
  });

it('runs the model, takes so many at a time, and lets go of what nobody waits for', async () => {
  const answer = await ask();
  expect(answer).toMatchObject({ ok: true, value: [{ name: 'logits', dims: [1, 1, 16, 16] }] });
  // The mean of nine neighbours, zeros around, and the bias of the model.
  const [logits] = answer.ok ? answer.value : [];
  expect(logits?.data.slice(0, 2)).toEqual(Float32Array.of(4 - 0.01, 6 - 0.01));

  const release = engine.hold();
  const gone = new AbortController();
  const waiting = [ask(gone.signal), ask(), ask()];
  expect(await ask()).toEqual({ ok: false, error: { how: 'overloaded', retryAfter_s: 7 } });
  gone.abort();
  expect(await waiting[0]).toMatchObject({ ok: false });
  release();
  expect(await Promise.all(waiting.slice(1))).toMatchObject([{ ok: true }, { ok: true }]);
  expect(engine.asked).toMatchObject({ aborted: 1 });

  engine.setReady(false);
  expect(engine.models()).toMatchObject([{ name: 'bright-region', ready: false }]);
  expect(await ask()).toMatchObject({ ok: false, error: { how: 'not-ready' } });
});
