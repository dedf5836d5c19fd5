import { describe, expect, it } from 'vitest';
import { atLeast, atMost, goalOf, plainTable, summaryOf } from './report.ts';

describe('a report', () => {
  it('summarises by median, lowest and highest', () => {
    expect(summaryOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3 });
    expect(summaryOf([4, 1])).toEqual({ median: 2.5, lowest: 1, highest: 4 });
    expect(summaryOf([]).median).toBeNaN();
  });

  it('holds the median against the goal', () => {
    expect(goalOf('speed', [0.7, 1.2, 1], 'x', atLeast(1))).toEqual({
      ...{ name: 'speed', value: 1, unit: 'x', goal: '≥ 1', ok: true, spread: [0.7, 1.2] },
    });
    expect(goalOf('memory', [101], 'MB', atMost(100))).toEqual({
      ...{ name: 'memory', value: 101, unit: 'MB', goal: '≤ 100', ok: false },
    });
  });

  it('aligns columns', () => {
    expect(
      plainTable(
        ['a', 'b'],
        [
          ['long', '1'],
          ['x', '22'],
        ],
      ),
    ).toBe('a      b\nlong   1\nx     22');
  });
});
