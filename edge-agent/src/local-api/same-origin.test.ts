import { describe, expect, it } from 'vitest';
import { whyForeign } from './same-origin.ts';

const here = { remoteAddress: '127.0.0.1' };
const json = { 'content-type': 'application/json' };

describe('requests that change something', () => {
  it.each([
    [{ ...json, host: '127.0.0.1:8080' }],
    [{ ...json, host: '[::1]:8080' }],
    [{ ...json, host: 'localhost:8080', origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }],
    [{ 'content-type': 'application/json; charset=utf-8', host: 'box.example.org:8080' }],
  ])('are taken: %j', (headers) => {
    expect(whyForeign(headers, 'box.example.org', here)).toBeUndefined();
  });

  it.each([
    ['a form', { 'content-type': 'text/plain', host: '127.0.0.1:8080' }],
    ['no type', { host: '127.0.0.1:8080' }],
    ['no host', json],
    ['a rebound name', { ...json, host: 'evil.example.com:8080' }],
    ['a name that looks like an address', { ...json, host: '127.0.0.1.evil.example.com' }],
    ['another origin', { ...json, host: '127.0.0.1:8080', origin: 'https://evil.example.com' }],
    ['another port of this machine', { ...json, host: '127.0.0.1:8080', origin: 'http://127.0.0.1:3000' }],
    ['an opaque origin', { ...json, host: '127.0.0.1:8080', origin: 'null' }],
    ['another site', { ...json, host: '127.0.0.1:8080', 'sec-fetch-site': 'cross-site' }],
  ])('are refused: %s', (_case, headers) => {
    expect(whyForeign(headers, '127.0.0.1', here)).toBeTypeOf('string');
  });

  it('are taken of this machine only, and of its own pages over https too', () => {
    const headers = { ...json, host: '127.0.0.1:8080', origin: 'https://127.0.0.1:8080' };
    const why = (remoteAddress: string | undefined, encrypted = true) =>
      whyForeign(headers, '127.0.0.1', { remoteAddress, encrypted });
    expect([why('127.0.0.2'), why('::1'), why('::ffff:127.0.0.1')]).toEqual([undefined, undefined, undefined]);
    for (const address of ['192.0.2.1', '::ffff:192.0.2.1', 'fe80::1', undefined])
      expect(why(address)).toBe('it comes from another machine');
    expect(why('127.0.0.1', false)).toBe('it comes from another origin');
  });
});
