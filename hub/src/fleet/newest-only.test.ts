import { expect, test } from 'vitest';
import { createNewestOnly } from './newest-only.ts';

test('one at work and one in waiting per key: the newest is done last, those between are not done at all', async () => {
  const newestOnly = createNewestOnly();
  const done: string[] = [];
  let release = () => undefined as void;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const job = (name: string) => async () => {
    await gate;
    done.push(name);
  };
  const outcomes = ['a1', 'a2', 'a3', 'a4'].map((name) => newestOnly('a', job(name)));
  const other = newestOnly('b', job('b1'));
  release();
  expect(await Promise.all(outcomes)).toEqual(['done', 'replaced', 'replaced', 'done']);
  expect(await other).toBe('done');
  expect(done).toEqual(['a1', 'b1', 'a4']);
});

test('a job that fails tells its caller and lets the next one start', async () => {
  const newestOnly = createNewestOnly();
  const failing = newestOnly('a', () => Promise.reject(new Error('full')));
  const next = newestOnly('a', () => Promise.resolve());
  await expect(failing).rejects.toThrow('full');
  expect(await next).toBe('done');
  expect(await newestOnly('a', () => Promise.resolve())).toBe('done');
});
