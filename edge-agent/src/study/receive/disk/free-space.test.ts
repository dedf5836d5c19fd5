import { describe, expect, it } from 'vitest';
import { BELIEVED_BYTES_MAX, BELIEVED_MS_MAX, createFreeSpace } from './free-space.ts';

describe('free space', () => {
  const disk = (answers: (number | Error)[]) => {
    let now = 0;
    let asked = 0;
    const free = createFreeSpace(
      '/anywhere',
      () => now,
      async () => {
        const answer = answers[asked++] ?? 0;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    );
    return { free, asked: () => asked, pass: (ms: number) => (now += ms) };
  };

  it('is asked for once a second, and what was announced since is taken off', async () => {
    const { free, asked, pass } = disk([1_000, 5_000]);
    expect(await Promise.all([free(100), free(200)])).toEqual([900, 700]);
    pass(BELIEVED_MS_MAX - 1);
    expect(await free(0)).toBe(700);
    pass(1);
    expect(await free(0)).toBe(5_000);
    expect(asked()).toBe(2);
  });

  it('is asked for again when much was announced', async () => {
    const { free } = disk([1e9, 2e9]);
    await free(BELIEVED_BYTES_MAX);
    expect(await free(0)).toBe(2e9);
  });

  it('does not remember that it could not be asked', async () => {
    const { free } = disk([new Error('gone'), 7]);
    await expect(free(0)).rejects.toThrow('gone');
    expect(await free(0)).toBe(7);
  });
});
