import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultTransferSyntaxes, storageSopClasses } from '../../dimse/index.ts';
import { refusals } from '../../dimse/upper-layer/refusal.ts';
import { anchor, hex } from '../markdown.ts';
import { storeAnswers } from '../../study/receive/store-answers.ts';
import { contentTree } from './content-tree.ts';
import { attributeTable } from './created-objects.ts';
import { exampleObjects } from './example-objects.ts';
import { madeClasses } from './product.ts';
import { conformanceStatement } from './statement.ts';

const statement = conformanceStatement();
const [one, other] = [exampleObjects(0), exampleObjects(1)];

test('the page is current (npm run docs writes it)', () => {
  expect(readFileSync(new URL('../../../docs/conformance-statement.md', import.meta.url), 'utf8')).toBe(statement);
});

test('has the sections of PS3.2 Annex A, and a table of contents that leads to each', () => {
  const headings = [...statement.matchAll(/^#{2,4} (.+)$/gm)].map(([, heading = '']) => heading);
  const numbers = headings.filter((heading) => /^\d /.test(heading)).map((heading) => Number(heading[0]));
  expect(numbers).toEqual([2, 1, 3, 4, 5, 6, 7, 8]);
  const links = [...statement.matchAll(/^ *- \[(.+)\]\(#(.+)\)$/gm)].map(([, text = '', to = '']) => [text, to]);
  const listed = headings.filter((heading) => !heading.startsWith('2 '));
  expect(links).toEqual(listed.map((heading) => [heading, anchor(heading)]));
});

test('names every storage class and transfer syntax that is accepted, each in a row', () => {
  const rowsWith = (cell: string): number => statement.split(`| ${cell} |`).length - 1;
  for (const uid of [...Object.keys(storageSopClasses), ...defaultTransferSyntaxes])
    expect(rowsWith(uid), uid).toBeGreaterThan(0);
});

test('names every status and every rejection of ours', () => {
  for (const { code, name } of Object.values(storeAnswers)) expect(statement).toContain(`| ${hex(code)} | ${name} |`);
  const rejections = statement.split('##### 4.2.1.5')[1]?.split('##### 4.2.1.6')[0] ?? '';
  for (const { result, source, reason } of Object.values(refusals))
    expect(rejections).toMatch(new RegExp(`^\\| ${result} \\w+ \\| ${source} \\| ${reason} \\|`, 'm'));
});

test('says of every status what is done with it', () => {
  const scu = statement.split('##### 4.2.2.4')[1]?.split('##### 4.2.2.5')[0] ?? '';
  for (const row of [
    '| 0213H | resource limitation | tried again',
    '| A700H to A7FFH | out of resources | tried again',
  ])
    expect(scu).toContain(row);
  expect(scu).toContain('| B000H to BFFFH | stored with a warning | sent');
});

test('has a name for each attribute; edge-agent/scripts/attribute-names.mjs finds them', () => {
  expect(statement).not.toMatch(/^\| {2}\| \([0-9A-F]{4},[0-9A-F]{4}\)/m);
});

test('says of a value that it never changes only where two objects have it that share nothing else', () => {
  const rows = attributeTable(one.presentationState, other.presentationState);
  expect(rows).toContain('| Modality | (0008,0060) | CS | always | `PR` |');
  expect(rows).toMatch(/Presentation LUT Shape \| \(2050,0020\) \| CS \| always \| generated/);
  expect(rows).not.toContain('Patient Name');
});

test('shows the content of reports as it was written', () => {
  expect(contentTree(one.report)).toContain('CONTAINS NUM (118565006, SCT, "Volume") in (mL, UCUM, "mL")');
  expect(contentTree(one.report3d)).toContain('SCOORD3D (111030, DCM, "Image Region") POLYGON');
  expect(madeClasses(one).map(({ name }) => name)).toContain('Comprehensive 3D SR Storage');
});
