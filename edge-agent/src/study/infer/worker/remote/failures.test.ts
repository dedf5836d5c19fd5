import { isCoded } from '@collimator/shared/errors/coded-error';
import { describe, expect, it } from 'vitest';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { pause_ms } from './retry.ts';
import { statusFailure } from './status-failure.ts';
import { transportFailure } from './transport-failure.ts';

const policy = { attempts_max: 3, first_s: 1, most_s: 3 };
const status = (code: number, headers = {}, body = '') =>
  statusFailure({ status: code, headers, body: Buffer.from(body) }, Date.parse('2026-11-28T10:00:00Z'));

describe('what a model server failed of', () => {
  it.each([
    [400, 'remote-refused'],
    [401, 'remote-unauthorized'],
    [403, 'remote-unauthorized'],
    [404, 'remote-model-missing'],
    [429, 'remote-overloaded'],
    [500, 'remote-failed'],
    [503, 'remote-overloaded'],
    [504, 'remote-timeout'],
    [302, 'remote-answer-invalid'],
  ])('by status %i is %s', (code, error) => {
    expect(status(code)?.error.code).toBe(error);
  });

  it('is nothing with 200', () => {
    expect(status(200)).toBeUndefined();
  });

  it('names what the server says, on one line and not without end', () => {
    expect(status(500, {}, '{"error":"no\\n memory"}')?.error.detail).toBe('HTTP 500: no memory');
    expect(status(503, {}, '{"code":503,"message":"Prediction failed"}')?.error.detail).toBe(
      'HTTP 503: Prediction failed',
    );
    expect(status(500, {}, `<html>${'x'.repeat(9_000)}`)?.error.detail).toHaveLength('HTTP 500: '.length + 200);
  });

  it.each([
    ['7', 7_000],
    ['Sat, 28 Nov 2026 10:00:05 GMT', 5_000],
    ['Sat, 28 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
  ])('says when to come back: %s', (value, wait_ms) => {
    expect(status(429, { 'retry-after': value })?.retryAfter_ms).toBe(wait_ms);
  });

  it.each([
    ['ECONNREFUSED', 'remote-unreachable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'remote-unreachable'],
    ['CERT_HAS_EXPIRED', 'remote-untrusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'remote-untrusted'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'remote-untrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'remote-untrusted'],
    ['INVALID_PURPOSE', 'remote-untrusted'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'remote-untrusted'],
    ['UND_ERR_BODY_TIMEOUT', 'remote-timeout'],
    ['UND_ERR_SOCKET', 'remote-cut'],
    ['ECONNRESET', 'remote-cut'],
    ['HPE_INVALID_CONSTANT', 'remote-answer-invalid'],
  ])('by code %s is %s', (code, error) => {
    const failure = transportFailure(Object.assign(new Error('x'), { code }), 'server:1', false);
    expect(failure).toMatchObject({ code: error, detail: `server:1: ${code}`, class: 'transient' });
  });

  it('is our own patience where we gave up', () => {
    expect(transportFailure(new Error('aborted'), 'server:1', true).code).toBe('remote-timeout');
  });
});

describe('the pause before the next attempt', () => {
  const overloaded = new CodedError('remote-overloaded', 'x');

  it('doubles up to a bound, a bounded number of times', () => {
    const patient = { ...policy, attempts_max: 9 };
    expect([1, 2, 3, 4].map((attempts) => pause_ms(overloaded, attempts, patient))).toEqual([
      1_000, 2_000, 3_000, 3_000,
    ]);
    expect(pause_ms(overloaded, 3, policy)).toBeUndefined();
  });

  it('is what the server asks for, or there is none: waiting longer is for others to decide', () => {
    expect(pause_ms(overloaded, 1, policy, 2_500)).toBe(2_500);
    expect(pause_ms(overloaded, 1, policy, 60_000)).toBeUndefined();
  });

  it.each(['remote-timeout', 'remote-failed', 'remote-refused', 'remote-untrusted', 'remote-answer-invalid'] as const)(
    'is none after %s',
    (code) => {
      expect(isCoded(new CodedError(code, 'x'), code)).toBe(true);
      expect(pause_ms(new CodedError(code, 'x'), 1, policy)).toBeUndefined();
    },
  );
});
