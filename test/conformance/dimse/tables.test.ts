import { defaultImplementation, defaultTransferSyntaxes, storageSopClasses } from '@collimator/edge-agent/dimse/index';
import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, sopClasses } from '@collimator/shared/dicom/uids';
import { describe, expect, it } from 'vitest';
import { run } from './peers.ts';

describe('the tables of the DIMSE library, which imports nothing,', () => {
  it('agree with those of the product', () => {
    expect([...defaultTransferSyntaxes].sort()).toEqual([...transferSyntaxes.keys()].sort());
    expect(defaultImplementation).toEqual({
      classUid: IMPLEMENTATION_CLASS_UID,
      versionName: IMPLEMENTATION_VERSION_NAME,
    });
    const { verification: _verification, ...storage } = sopClasses;
    for (const uid of Object.values(storage)) expect(storageSopClasses).toHaveProperty([uid]);
  });

  it('hold every storage SOP class that pydicom knows of a patient', async () => {
    const script =
      'from pydicom._uid_dict import UID_dictionary as d\n' +
      "print('\\n'.join(u for u, e in d.items() if e[1] == 'SOP Class' and 'Storage' in e[0] and 'DICOS' not in e[0]" +
      " and 'Eddy' not in e[0] and u.startswith('1.2.840.10008.5.1.4.1.1.')))";
    const { output } = await run('/usr/bin/python3', ['-c', script]);
    const known = output.trim().split('\n');
    expect(known.length).toBeGreaterThan(100);
    expect(known.filter((uid) => !(uid in storageSopClasses))).toEqual([]);
  });
});
