import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageTransferSyntaxes } from '../data-set/encoding.ts';
import { writeElement } from '../data-set/write-elements.ts';
import {
  COMMITMENT_REFERENCES_MAX,
  decodeCommitmentReport,
  decodeCommitmentRequest,
  encodeCommitmentReport,
  encodeCommitmentRequest,
} from './commitment-data-sets.ts';

const uid = fc.stringMatching(/^[1-9](\.[1-9][0-9]{0,6}){1,6}$/);
const reference = fc.record({ sopClassUid: uid, sopInstanceUid: uid });

describe.each(messageTransferSyntaxes)('commitment data sets in %s', (transferSyntax) => {
  it('come back as they were written', () => {
    const references = fc.array(reference, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(uid, references, (transactionUid, asked) => {
        const request = { transactionUid, references: asked };
        expect(decodeCommitmentRequest(encodeCommitmentRequest(request, transferSyntax), transferSyntax)).toEqual({
          ok: true,
          value: request,
        });
        const failed = asked.map((one, index) => ({ ...one, reason: 0x0110 + index }));
        const report = { transactionUid, committed: asked.slice(1), failed };
        expect(decodeCommitmentReport(encodeCommitmentReport(report, transferSyntax), transferSyntax)).toEqual({
          ok: true,
          value: report,
        });
      }),
    );
  });

  it('are refused without a transaction, without a reference, and with a UID that is none', () => {
    expect(decodeCommitmentRequest(Buffer.alloc(0), transferSyntax)).toMatchObject({ ok: false });
    const encoding = transferSyntax === '1.2.840.10008.1.2' ? 'implicit' : 'explicit';
    const alone = writeElement(0x0008_1195, 'UI', '1.2.3', encoding);
    expect(decodeCommitmentRequest(alone, transferSyntax)).toMatchObject({ ok: false });
    const traversal = encodeCommitmentRequest(
      { transactionUid: '1.2', references: [{ sopClassUid: '1.2', sopInstanceUid: '../../etc/passwd' }] },
      transferSyntax,
    );
    expect(decodeCommitmentRequest(traversal, transferSyntax)).toMatchObject({ ok: false });
  });

  it('hold as many instances as are allowed, and no more', () => {
    const references = Array.from({ length: COMMITMENT_REFERENCES_MAX }, (_, index) => ({
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: `1.2.826.0.1.3680043.8.498.${index}.${'1'.repeat(30)}`,
    }));
    const bytes = encodeCommitmentRequest({ transactionUid: '1.2', references }, transferSyntax);
    expect(decodeCommitmentRequest(bytes, transferSyntax)).toMatchObject({ ok: true });
    const one = references.slice(0, 1);
    expect(() =>
      encodeCommitmentRequest({ transactionUid: '1.2', references: [...references, ...one] }, transferSyntax),
    ).toThrow(RangeError);
  });
});
