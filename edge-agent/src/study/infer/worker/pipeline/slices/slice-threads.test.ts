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
      parentPort.postMessage({ id, times: { decode_ms: 1, preprocess_ms: 0, finish_ms: 0 }, answer: { ok: true, value: task.file } });
    });`)}`,
);

describe('threads for slices', () => {
  it('hand pixels over, and compute what the same code computes here', async () => {
    threads = startSliceThreads(2);
    const slice = () => ({ pixels: Int16Array.of(3, 1, 4, 1), rows: 2, columns: 2, slope: 2, intercept: -1 });
    const fitted = { ops: [{ op: 'modality-lut' } as const], states: [{ kind: 'none' } as const] };
    const given = slice();
    const part = { rows: [0, 2] as const, columns: [0, 2] as const };
    const plane = await threads.preprocess(given, fitted, part);
    expect(plane).toEqual(preprocessSlice(slice(), { ...fitted, resizers: new Map() }));
    expect(given.pixels).toHaveLength(0);
  });

  it('lay what is as long as was expected into memory that is used again, and leave nothing of it behind', async () => {
    const one = startSliceThreads(1);
    threads = one;
    const part = { rows: [0, 2] as const, columns: [0, 2] as const };
    const fitted = { ops: [{ op: 'modality-lut' } as const], states: [{ kind: 'none' } as const] };
    const slice = (...pixels: number[]) => ({ pixels: Int16Array.from(pixels), rows: 2, columns: 2 });
    const first = await one.preprocess(slice(3, 1, 4, 1), fitted, part, 4);
    expect(first.values.buffer).toBeInstanceOf(SharedArrayBuffer);
    one.memory.free(first.values);
    const second = await one.preprocess(slice(0, 0, 5, 0), fitted, part, 4);
    expect([...second.values]).toEqual([0, 0, 5, 0]);
    // It is the same memory.
    expect([...first.values]).toEqual([0, 0, 5, 0]);
    const other = await one.preprocess(slice(9, 2, 6, 5), fitted, part, 5);
    expect([[...other.values], other.values.buffer instanceof SharedArrayBuffer]).toEqual([[9, 2, 6, 5], false]);
    const ops = [{ op: 'sigmoid' as const }, { op: 'threshold' as const, at: 0.5 }];
    const wanted = { ops, size: { rows: 2, columns: 2 }, probabilities: false };
    const { mask } = await one.mask({ values: Float32Array.of(-1, 1, 2, -2), rows: 2, columns: 2 }, wanted);
    expect([...mask]).toEqual([0, 1, 1, 0]);
  });

  it('give back what went wrong with a file, and a coded error as one', async () => {
    threads = startSliceThreads(1);
    expect(await threads.decode({ file: '/nowhere.dcm', index: 0 })).toMatchObject({
      error: { code: 'image-unreadable' },
    });
    const bad = { pixels: new Uint8Array(3), rows: 2, columns: 2 };
    await expect(
      threads.preprocess(bad, { ops: [], states: [] }, { rows: [0, 2], columns: [0, 2] }),
    ).rejects.toMatchObject({
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
    expect(three.times()).toMatchObject({ decode_ms: 30 });
  });
});
