import { expect, test } from 'vitest';
import { table } from './output.ts';

test('a table aligns words to the left and numbers to the right', () => {
  const rows = [
    { name: 'a', n: 5 },
    { name: 'longer', n: 12 },
  ];
  const columns = [
    { title: 'NAME', value: (r: (typeof rows)[number]) => r.name },
    { title: 'N', value: (r: (typeof rows)[number]) => r.n },
  ];
  expect(table(rows, columns)).toBe('NAME     N\na        5\nlonger  12\n');
  expect(table([], columns)).toBe('NAME  N\n');
});
