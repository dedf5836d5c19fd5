import type { Release } from '@collimator/shared/contracts/release';
import { err, ok } from '@collimator/shared/result';
import { expect, test } from 'vitest';
import { judge } from './self-test.ts';

const release = { name: 'brain', version: '1.0.0', golden: { cases: 1, tolerance_abs: 1e-4 } } as Release;

test.each([
  ['exact', ok({ max_abs_diff: 0 }), 'ok'],
  ['at the tolerance', ok({ max_abs_diff: 1e-4 }), 'ok'],
  ['beyond it', ok({ max_abs_diff: 1.01e-4 }), 'golden-mismatch'],
  ['not a number', ok({ max_abs_diff: Number.NaN }), 'golden-mismatch'],
  ['a child that died', err({ code: 'exit 139', detail: 'killed' }), 'self-test-failed'],
  ['a coded failure', err({ code: 'golden-mismatch', detail: 'shape' }), 'golden-mismatch'],
])('%s', (_, result, code) => {
  const judged = judge(release, result);
  expect(judged.ok ? 'ok' : judged.error.code).toBe(code);
});
