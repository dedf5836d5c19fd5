import { INSTANCE_CREATOR_UID } from '@collimator/shared/dicom/uids';
import { describe, expect, it } from 'vitest';
import { isOwnObject } from './own-objects.ts';

describe('an object of our own', () => {
  it.each([
    ['made by this appliance', '1.2.3', null, true],
    ['made by another Collimator', '9.9', INSTANCE_CREATOR_UID, true],
    ['made by somebody else', '9.9', '1.2.840.1', false],
    ['of unknown origin', '9.9', null, false],
  ])('%s', (_case, sopInstanceUid, instanceCreatorUid, ours) => {
    expect(isOwnObject({ sopInstanceUid, instanceCreatorUid }, (uid) => uid === '1.2.3')).toBe(ours);
  });
});

it('is also known by us among its contributing equipment, when its UID and its creator are new', () => {
  const header = { sopInstanceUid: '1.2', instanceCreatorUid: '1.3' };
  const other = { manufacturer: 'Other', model: 'Collimator edge appliance' };
  const us = { manufacturer: 'Collimator', model: 'Collimator edge appliance' };
  expect(isOwnObject({ ...header, contributors: [other] }, () => false)).toBe(false);
  expect(isOwnObject({ ...header, contributors: [other, us] }, () => false)).toBe(true);
});
