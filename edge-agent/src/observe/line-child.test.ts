import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemAfter } from '../timers.ts';
import { type ChildEnd, keepLineChild, type LineChild, type LineChildOptions } from './line-child.ts';

describe('a child that tells lines', () => {
  let child: LineChild | undefined;
  const lines: string[] = [];
  const ends: (ChildEnd & { readonly wait_ms: number })[] = [];

  const keep = (script: string, options: Partial<LineChildOptions> = {}): LineChild => {
    child = keepLineChild({
      command: () => ({ program: '/bin/sh', args: ['-c', script] }),
      onLine: (line, from) => void lines.push(`${from} ${line}`),
      onEnd(end, wait_ms) {
        ends.push({ ...end, wait_ms });
        return ends.length < 5 ? 'again' : 'never';
      },
      first_ms: 1,
      most_ms: 4,
      after: systemAfter,
      ...options,
    });
    return child;
  };

  afterEach(() => {
    child?.stop();
    lines.length = 0;
    ends.length = 0;
  });

  it('hands over all that it said before it says that it ended, and waits longer each time, up to a bound', async () => {
    const seen: number[] = [];
    keep('echo one; echo two; echo three >&2; exit 3', {
      onEnd(end, wait_ms) {
        seen.push(lines.length);
        ends.push({ ...end, wait_ms });
        return ends.length < 5 ? 'again' : 'never';
      },
    });
    await vi.waitFor(() => expect(ends).toHaveLength(5));
    expect(ends[0]).toEqual({ reason: 'exit code 3', missing: false, wait_ms: 1 });
    expect(ends.map(({ wait_ms }) => wait_ms)).toEqual([1, 2, 4, 4, 4]);
    expect(seen).toEqual([3, 6, 9, 12, 15]);
    expect(new Set(lines)).toEqual(new Set(['stdout one', 'stdout two', 'stderr three']));
  });

  it('waits the shortest time again once it has worked', async () => {
    const started = keep('echo one', {
      onLine(line) {
        lines.push(line);
        started.works();
      },
    });
    await vi.waitFor(() => expect(ends).toHaveLength(5));
    expect(ends.map(({ wait_ms }) => wait_ms)).toEqual([1, 1, 1, 1, 1]);
  });

  it('is said to be missing where there is no such program', async () => {
    keep('', {
      command: () => ({ program: '/nowhere/none', args: [] }),
      onEnd: (end) => (ends.push({ ...end, wait_ms: 0 }), 'never'),
    });
    await vi.waitFor(() => expect(ends).toEqual([{ reason: 'ENOENT', missing: true, wait_ms: 0 }]));
  });

  it('is killed when it hangs', async () => {
    keep('echo one; exec sleep 600', {
      silence_ms: 1_000,
      onEnd: (end) => (ends.push({ ...end, wait_ms: 0 }), 'never'),
    });
    await vi.waitFor(() => expect(ends[0]?.reason).toBe('SIGKILL'));
    expect(lines).toEqual(['stdout one']);
  });

  it('is not started again after it was stopped', async () => {
    const started = keep('echo $$; exec sleep 600');
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    const pid = Number(lines[0]?.split(' ')[1]);
    started.stop();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    expect([lines.length, ends.length]).toEqual([1, 0]);
  });
});
