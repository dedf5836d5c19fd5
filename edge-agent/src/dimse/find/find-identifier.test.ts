import { describe, expect, it } from 'vitest';
import { messageTransferSyntaxes } from '../data-set/encoding.ts';
import { writeElement } from '../data-set/write-elements.ts';
import { countOf, decodeFindIdentifier, encodeFindIdentifier, type FindIdentifier } from './find-identifier.ts';

describe.each(messageTransferSyntaxes)('identifiers in %s', (transferSyntax) => {
  it('come back as they were written, and elements of others are skipped', () => {
    const identifier: FindIdentifier = {
      queryRetrieveLevel: 'STUDY',
      studyInstanceUid: '1.2.3',
      accessionNumber: 'A 17',
      patientId: '',
      studyDate: '20260101-20261231',
      numberOfStudyRelatedInstances: '512',
    };
    const encoding = transferSyntax === '1.2.840.10008.1.2' ? 'implicit' : 'explicit';
    const bytes = Buffer.concat([
      encodeFindIdentifier(identifier, transferSyntax),
      writeElement(0x0040_0275, 'SQ', '', encoding),
    ]);
    const read = decodeFindIdentifier(bytes, transferSyntax);
    expect(read).toEqual({ ok: true, value: identifier });
    expect(countOf(identifier, 'numberOfStudyRelatedInstances')).toBe(512);
    expect(countOf({ numberOfStudyRelatedInstances: 'many' }, 'numberOfStudyRelatedInstances')).toBeUndefined();
  });

  it('are text in their character set', () => {
    for (const specificCharacterSet of ['ISO_IR 100', 'ISO_IR 192']) {
      const identifier = { specificCharacterSet, patientName: 'Müller^Ä' };
      const read = decodeFindIdentifier(encodeFindIdentifier(identifier, transferSyntax), transferSyntax);
      expect(read).toEqual({ ok: true, value: identifier });
    }
  });
});
