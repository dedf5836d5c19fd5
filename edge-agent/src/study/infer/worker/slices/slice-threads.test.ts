import { afterEach, describe, expect, it } from 'vitest';
import { preprocessSlice } from '@collimator/shared/imaging/preprocess';
import { type SliceThreads, startSliceThreads } from './slice-threads.ts';

let threads: SliceThreads | undefined;
afterEach(() => threads?.close());

/** A thread that answers what it is asked, and ends at the file that it is told to. */
const mortal = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, task }) => {
      if (task.file === 'exit') process.exit(3);
      if (task.file === 'throw') throw new Error('torn');
      parentPort.postMessage({ id, answer: { ok: true, value: task.file } });
    });`)}`,
);

describe('threads for slices', () => {
  it('hand pixels over, and compute what the same code computes here', async () => {
    threads = startSliceThreads(2);
    const slice = () => ({ pixels: Int16Array.of(3, 1, 4, 1), rows: 2, columns: 2, slope: 2, intercept: -1 });
    const fitted = { ops: [{ op: 'modality-lut' } as const], states: [{ kind: 'none' } as const] };
    const given = slice();
    const plane = await threads.preprocess(given, fitted);
    expect(plane).toEqual(preprocessSlice(slice(), { ...fitted, resizers: new Map() }));
    expect(given.pixels).toHaveLength(0);
  });

  it('give back what went wrong with a file, and a coded error as one', async () => {
    threads = startSliceThreads(1);
    expect(await threads.decode('/nowhere.dcm', 0)).toMatchObject({ error: { code: 'image-unreadable' } });
    const bad = { pixels: new Uint8Array(3), rows: 2, columns: 2 };
    await expect(threads.preprocess(bad, { ops: [], states: [] })).rejects.toMatchObject({
      code: 'imaging-ops-invalid',
    });
  });

  it.each([
    ['exit', 'exit code 3'],
    ['throw', 'torn'],
  ])('that end by themselves take only what they were asked along, and are replaced (%s)', async (end, detail) => {
    threads = startSliceThreads(1, mortal);
    expect(await threads.headers('a')).toEqual({ ok: true, value: 'a' });
    const asked = await Promise.allSettled([threads.headers(end), threads.headers('b')]);
    for (const one of asked)
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'decode-thread-died', class: 'transient', detail },
      });
    expect(await threads.headers('c')).toEqual({ ok: true, value: 'c' });
  });

  it('share the work', async () => {
    const three = startSliceThreads(3, mortal);
    threads = three;
    const files = Array.from({ length: 30 }, (_, i) => `file ${i}`);
    const answers = await Promise.all(files.map((file) => three.headers(file)));
    expect(answers).toEqual(files.map((value) => ({ ok: true, value })));
  });
});
