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

  it('hold every storage SOP class that pydicom knows of a patient, by the same name', async () => {
    const script =
      'from pydicom._uid_dict import UID_dictionary as d\n' +
      "for u, e in d.items():\n  if e[1] == 'SOP Class': print(u + '\\t' + e[0] + ('\\tretired' if e[3] else ''))";
    const { output } = await run('/usr/bin/python3', ['-c', script]);
    const known = output
      .trim()
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([uid = '', name = '']) => isOfPatient(uid) && name.includes('Storage'));
    expect(known.length).toBeGreaterThan(150);
    const wrong = known.filter(([uid = '', name = '', retired]) => {
      const plain = name.replace(/ SOP Class$/, '') + (retired === undefined ? '' : ' (retired)');
      return storageSopClasses[uid] !== plain;
    });
    expect(wrong).toEqual([]);
  });

  it('hold every storage SOP class that dcmtk proposes', async () => {
    const script =
      'import re; from pydicom._uid_dict import UID_dictionary as d\n' +
      "names = set(re.findall(r'= (\\w+)\\\\', open('/etc/dcmtk/storescu.cfg').read() + open('/etc/dcmtk/storescp.cfg').read()))\n" +
      "print('\\n'.join(u for u, e in d.items() if e[4] in names))";
    const { output } = await run('/usr/bin/python3', ['-c', script]);
    const proposed = output.trim().split('\n').filter(isOfPatient);
    expect(proposed.length).toBeGreaterThan(100);
    expect(proposed.filter((uid) => !(uid in storageSopClasses))).toEqual([]);
  });
});

/** PS3.4 Table B.5-1: not the protocols and inventories of Annex GG, nor luggage and material. */
const isOfPatient = (uid: string): boolean =>
  uid.startsWith('1.2.840.10008.5.1.4.1.1.') &&
  !/\.1\.1\.(501|601)\./.test(uid) &&
  !['200.1', '200.3', '200.7', '201.1'].some((last) => uid === `1.2.840.10008.5.1.4.1.1.${last}`);
