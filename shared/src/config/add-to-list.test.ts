import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { addToList } from './add-to-list.ts';

const file = `# the box beside the scanner
data: /data # not on the system disk

destinations:
  # the old one
  - { name: pacs, port: 104 } # stays
routes: []
`;

it('adds an item, and every comment stays', () => {
  const text = addToList(file, 'destinations', { name: 'archive', port: 11112 }, 'a.yaml');
  expect(parse(text)).toEqual({
    ...{ data: '/data', routes: [] },
    destinations: [
      { name: 'pacs', port: 104 },
      { name: 'archive', port: 11112 },
    ],
  });
  for (const comment of file.matchAll(/#.*/g)) expect(text).toContain(comment[0]);
});

it('makes the list where there is none, and refuses what is no list', () => {
  expect(parse(addToList('a: 1\n', 'b', { c: 2 }, 'x'))).toEqual({ a: 1, b: [{ c: 2 }] });
  expect(parse(addToList('{"a":1,"b":[]}', 'b', { c: 2 }, 'x'))).toEqual({ a: 1, b: [{ c: 2 }] });
  for (const text of ['a: {', '- 1', 'b: 7'])
    expect(() => addToList(text, 'b', {}, 'x')).toThrow(expect.objectContaining({ code: 'config-invalid' }));
});
