import { expect, test } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import { table, tellError } from './output.ts';

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

test('several problems of a file are told one to a line, a single one in the usual line', () => {
  const several = new CodedError('config-invalid', 'hub.yaml: a is not a known key; b must be integer');
  expect(tellError(several).split('\n')).toEqual([
    'config-invalid: The configuration has problems: hub.yaml',
    '  a is not a known key',
    '  b must be integer',
    several.remedy,
  ]);
  expect(tellError(new CodedError('config-invalid', 'hub.yaml: a is not a known key'))).not.toContain('\n');
});
