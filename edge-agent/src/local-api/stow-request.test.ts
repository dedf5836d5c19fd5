import { describe, expect, it } from 'vitest';
import { readStowRequest } from './stow-request.ts';

const read = (change: object) =>
  readStowRequest(
    {
      contentType: 'multipart/related; type="application/dicom"; boundary=x',
      contentEncoding: undefined,
      contentLength: undefined,
      accept: undefined,
      study: undefined,
      ...change,
    },
    { bytesMax: 100 },
  );

describe('the header lines of a request', () => {
  it.each<[string, string]>([
    ['multipart/related; type="application/dicom"; boundary=abc', 'abc'],
    ['Multipart/Related;TYPE=application/DICOM;Boundary="a b:c"', 'a b:c'],
    ['multipart/related; boundary="a\\"?; type=\\b"', ''],
    ['multipart/related; boundary=abc; start="<1>"; charset=utf-8', 'abc'],
    // As Orthanc does: three characters more than RFC 2046 allows.
    [`multipart/related; type=application/dicom; boundary=${'f'.repeat(73)}`, 'f'.repeat(73)],
  ])('%s names the boundary %s', (contentType, boundary) => {
    expect(read({ contentType })).toMatchObject(boundary === '' ? { ok: false } : { ok: true, value: { boundary } });
  });

  it.each([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['application/dicom+json', true],
    ['text/html, application/json;q=0.5', true],
    ['application/dicom+xml, */*;q=0', false],
    ['application/dicom+xml', false],
  ])('with Accept %s: taken is %s', (accept, taken) => {
    expect(read({ accept }).ok).toBe(taken);
  });

  it('say how long the body is, which has a bound', () => {
    expect(read({ contentLength: '100' }).ok).toBe(true);
    expect(read({ contentLength: '101' })).toMatchObject({ ok: false, error: { http: 413 } });
  });
});
