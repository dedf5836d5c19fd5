import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { selfTest } from '@collimator/edge-agent/study/infer/self-test';
import { writeRelease } from './release-folder.ts';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStudyWorld, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

describe('the self-test of a release', () => {
  it('passes where the runtime gives the golden outputs', async () => {
    const result = await selfTest(world.release.folder, world.release.release);
    expect(result).toMatchObject({ ok: true });
    expect(result.ok && result.value.max_abs_diff).toBeLessThan(1e-6);
  });

  it('fails where it does not, and where the model cannot be loaded', async () => {
    const off = await writeRelease(join(world.folder, 'off'), '1.0.1', 0.01);
    expect(await selfTest(off.folder, off.release)).toMatchObject({ ok: false, error: { code: 'golden-mismatch' } });
    const file = { ...off.release.files['model.onnx'], sha256: createHash('sha256').update('no model').digest('hex') };
    await writeFile(join(off.folder, 'model.onnx'), 'no model');
    const altered = await selfTest(off.folder, off.release);
    expect(altered).toMatchObject({ ok: false, error: { code: 'inference-release-altered' } });
    await writeFile(
      join(off.folder, 'release.json'),
      JSON.stringify({ ...off.release, files: { 'model.onnx': file } }),
    );
    const unloadable = await selfTest(off.folder, off.release);
    expect(unloadable).toMatchObject({ ok: false, error: { code: 'inference-model-unloadable' } });
  });
});
