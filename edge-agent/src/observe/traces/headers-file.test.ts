import { expect, it } from 'vitest';
import { parseHeaders } from './headers-file.ts';

it('holds a header a line', () => {
  expect(parseHeaders('f', 'Authorization: Bearer abc\r\n\nX-Scope-OrgID:hospital 1 \n')).toEqual({
    ok: true,
    value: { Authorization: 'Bearer abc', 'X-Scope-OrgID': 'hospital 1' },
  });
});

it.each([
  ['token-of-ours', 'f line 1 is not a header (Name: value)'],
  ['A: b\nBad Name: x', 'f line 2 is not a header (Name: value)'],
  ['A: b\u0007', 'f line 1 is not a header (Name: value)'],
  [Array.from({ length: 17 }, (_, i) => `A${i}: b`).join('\n'), 'f has more than 16 headers'],
])('does not hold %j, and what is said of it does not repeat it', (text, error) => {
  expect(parseHeaders('f', text)).toEqual({ ok: false, error });
});
