import { CodedError } from '@collimator/shared/errors/coded-error';
import { describe, expect, it } from 'vitest';
import { codeOf, placeOf } from './code-of.ts';

describe('what is logged of an error', () => {
  it('is the code and the words of a coded one', () => {
    const error = new CodedError('link-down', 'mqtts://hub:8883');
    expect(codeOf(error)).toBe('link-down');
    expect(placeOf(error)).toContain('mqtts://hub:8883');
  });

  it('is only the place of any other, because its message may hold a value of a patient', () => {
    const error = new TypeError('cannot read Doe^Jane of undefined');
    expect(codeOf(error)).toBe('internal-error');
    expect(placeOf(error)).toMatch(/^TypeError at .*code-of\.test\.ts:\d+/);
    expect(placeOf(error)).not.toMatch(/Doe|\/src\//);
    expect(placeOf('Doe^Jane')).toBe('string');
  });
});
