export type ByteRange = { readonly offset: number; readonly length: number; readonly partial: boolean };

/**
 * The one range of a Range header (RFC 9110 §14.2), cut to `lengthMax`; the whole where there is no header or one of
 * several ranges, as a server may answer. Undefined when it lies outside (status 416).
 */
export function byteRange(header: string | undefined, total: number, lengthMax: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === ''))
    return { offset: 0, length: Math.min(total, lengthMax), partial: total > lengthMax };
  const offset = first === '' ? Math.max(0, total - Number(last)) : Number(first);
  const end = first === '' || last === '' ? total - 1 : Math.min(Number(last), total - 1);
  if (offset >= total || end < offset) return undefined;
  return { offset, length: Math.min(end - offset + 1, lengthMax), partial: true };
}
