/**
 * WHATWG names of the character sets of (0008,0005) (PS3.3 Table C.12-2 and following). Code extensions
 * (ISO 2022) are read as their most usual encoding: the text is only matched and shown, never written again.
 */
export const characterSets: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 159': 'iso-2022-jp',
  'ISO 2022 IR 149': 'euc-kr',
  'ISO 2022 IR 58': 'gb18030',
};

/**
 * Text of an element, padding removed. Bytes that the character set does not have become U+FFFD.
 *
 * @param characterSet value of (0008,0005) as it stands, or an empty string
 */
export function decodeText(bytes: Uint8Array, characterSet: string): string {
  const named = characterSet.split('\\').map((name) => characterSets[name.trim().replace(/^ISO 2022 IR 6$/, '')]);
  const encoding = named.findLast((name) => name !== undefined) ?? 'iso-8859-1';
  return new TextDecoder(encoding)
    .decode(bytes)
    .replace(/[\0 ]+$/, '')
    .trimStart();
}
