import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStoreReport } from './stow-response.ts';

const referenced = (uid: string, more: object = {}) => ({ '00081155': { vr: 'UI', Value: [uid] }, ...more });
const reason = (tag: string, value: unknown) => ({ [tag]: { vr: 'US', Value: [value] } });

describe('what a STOW-RS response says', () => {
  it('of stored, warned of and failed objects', () => {
    const body = {
      '00081199': { vr: 'SQ', Value: [referenced('1.1'), referenced('1.2', reason('00081196', 0xb000))] },
      '00081198': { vr: 'SQ', Value: [referenced('1.3', reason('00081197', 0xa700)), referenced('1.4')] },
    };
    const expected = [
      ['1.1', { status: 0 }],
      ['1.2', { status: 0xb000 }],
      ['1.3', { status: 0xa700 }],
      ['1.4', { status: 0x0110 }],
    ];
    expect([...readStoreReport(JSON.stringify(body))]).toEqual(expected);
    expect([...readStoreReport(JSON.stringify([body]))]).toEqual(expected);
  });

  it('never that something was stored which is listed as failed as well', () => {
    const both = { Value: [referenced('1.1')] };
    expect(readStoreReport(JSON.stringify({ '00081199': both, '00081198': both })).get('1.1')).toEqual({
      status: 0x0110,
    });
  });

  it('nothing when it is no DICOM JSON, whatever it is', () => {
    for (const body of ['', '<NativeDicomModel/>', 'null', '[]', '7', '{"00081199":{"Value":[null,{"00081155":1}]}}'])
      expect(readStoreReport(body).size).toBe(0);
    fc.assert(fc.property(fc.json(), (body) => readStoreReport(body).size === 0));
  });
});
