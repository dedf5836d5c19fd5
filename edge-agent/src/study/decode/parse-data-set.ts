import type { TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';

/** Value representations with a 32-bit length (PS3.5 §7.1.2) that the parser takes for ones with a 16-bit length. */
const LONG_VRS: ReadonlySet<string> = new Set(['OV', 'SV', 'UV']);
/** The class that the package exports and does not declare. */
const { DataSet: ParsedDataSet } = dicomParser as unknown as {
  readonly DataSet: new (parser: object, bytes: Uint8Array, elements: DataSet['elements']) => DataSet;
};

/** From behind a value representation to its value: two reserved bytes, and the length. */
const TO_VALUE_BYTES = 6;

/**
 * Parses the data set of a Part 10 file, or of the beginning of one, as `dicomParser.parseDicom` does; 64-bit value
 * representations, at which that loses its way, are read as what they are, at every depth.
 *
 * @param bytes a whole file that is not deflated
 * @param meta of the same file; its elements become those of the data set too
 */
export function parseDataSet(
  bytes: Uint8Array,
  meta: DataSet,
  syntax: Pick<TransferSyntax, 'vr' | 'byteOrder'>,
  options: { readonly untilTag?: string },
): DataSet {
  // Where the meta information ends; dicom-parser sets it and does not declare it.
  const { position } = meta as DataSet & { readonly position: number };
  const parser =
    syntax.byteOrder === 'big' ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const stream = new dicomParser.ByteStream(parser, bytes, position);
  /** By where their values begin. */
  const long = new Map<number, string>();
  const readText = stream.readFixedString.bind(stream);
  // It reads nothing as text but value representations; OB has the same form as those it does not know.
  stream.readFixedString = (length) => {
    const vr = readText(length);
    if (!LONG_VRS.has(vr)) return vr;
    long.set(stream.position + TO_VALUE_BYTES, vr);
    return 'OB';
  };
  const elements: DataSet['elements'] = {};
  const dataSet = new ParsedDataSet(parser, bytes, elements);
  const parse =
    syntax.vr === 'implicit' ? dicomParser.parseDicomDataSetImplicit : dicomParser.parseDicomDataSetExplicit;
  // A tag that there is not, where none is given: the declaration wants one.
  parse(dataSet, stream, bytes.length, { untilTag: options.untilTag ?? '' });
  if (long.size > 0) giveVrs(elements, long);
  Object.assign(elements, meta.elements);
  return dataSet;
}

function giveVrs(elements: Readonly<Record<string, Element>>, long: ReadonlyMap<number, string>): void {
  for (const element of Object.values(elements)) {
    const vr = long.get(element.dataOffset);
    if (vr !== undefined && element.vr === 'OB') element.vr = vr;
    for (const { dataSet } of element.items ?? []) if (dataSet !== undefined) giveVrs(dataSet.elements, long);
  }
}
