import dicomParser, { type DataSet } from 'dicom-parser';

/** The content of a structured report as lines, each item below its parent; items that read the same stand once. */
export function contentTree(file: Uint8Array): string {
  return ['```', ...linesOf(dicomParser.parseDicom(file), 0), '```'].join('\n');
}

function linesOf(item: DataSet, depth: number): readonly string[] {
  const relationship = item.string('x0040a010');
  const template = firstItem(item, 'x0040a504')?.string('x0040db00');
  const concept = codeText(firstItem(item, 'x0040a043'));
  const line = [
    '  '.repeat(depth) + (relationship === undefined ? '' : `${relationship} `) + (item.string('x0040a040') ?? ''),
    concept,
    template === undefined ? '' : `[TID ${template}]`,
    valueText(item),
  ];
  const children = (item.elements['x0040a730']?.items ?? []).flatMap(({ dataSet }) =>
    dataSet === undefined ? [] : [linesOf(dataSet, depth + 1).join('\n')],
  );
  return [line.filter((part) => part !== '').join(' '), ...new Set(children)];
}

function valueText(item: DataSet): string {
  switch (item.string('x0040a040') ?? '') {
    case 'CODE':
      return `= ${codeText(firstItem(item, 'x0040a168'))}`;
    case 'NUM':
      return `in ${codeText(firstItem(firstItem(item, 'x0040a300'), 'x004008ea'))}`;
    case 'SCOORD':
    case 'SCOORD3D':
      return item.string('x00700023') ?? '';
    default:
      return '';
  }
}

function codeText(code: DataSet | undefined): string {
  if (code === undefined) return '';
  const value = code.string('x00080100') ?? code.string('x00080119') ?? '';
  return `(${value}, ${code.string('x00080102')}, "${code.string('x00080104')}")`;
}

const firstItem = (of: DataSet | undefined, tag: string): DataSet | undefined => of?.elements[tag]?.items?.[0]?.dataSet;
