import { EQUIPMENT, INSTANCE_CREATOR_UID } from '@collimator/shared/dicom/uids';
import type { InstanceHeader } from './instance-header.ts';

/**
 * Whether an object that came in was made by a Collimator: then it is never assembled, routed or inferred on.
 * Our own appliance's objects are known by their UID even when something on the way rewrote the creator;
 * those of other appliances by the Instance Creator UID that each of us writes, and where something on the way gave the
 * object another UID and another creator, by us among its contributing equipment.
 *
 * @param isOurs whether this appliance made an object with this SOP Instance UID
 */
export function isOwnObject(
  header: Pick<InstanceHeader, 'sopInstanceUid' | 'instanceCreatorUid' | 'contributors'>,
  isOurs: (sopInstanceUid: string) => boolean,
): boolean {
  const contributed = header.contributors?.some(
    ({ manufacturer, model }) => manufacturer === EQUIPMENT.manufacturer && model === EQUIPMENT.model,
  );
  return header.instanceCreatorUid === INSTANCE_CREATOR_UID || contributed === true || isOurs(header.sopInstanceUid);
}
