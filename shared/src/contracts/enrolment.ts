import Type, { type Static } from 'typebox';
import { DeviceId, strict } from './common.ts';
import { EnrolResponse } from './http-api.ts';
import { validator } from './validate.ts';

const HubFile = strict({
  schema: Type.Literal('collimator.hub/1'),
  device: DeviceId,
  hub_url: Type.String({ pattern: '^https://' }),
  broker_url: Type.String({ pattern: '^mqtts://' }),
});
/** `hub.json` of an appliance: where it belongs. It is written last: whoever finds it finds a whole identity. */
export type HubFile = Static<typeof HubFile>;

const PendingIdentity = strict({
  hub_url: Type.String({ pattern: '^https://' }),
  key_pem: Type.String(),
  answer: EnrolResponse,
});
/** An identity that was received and is being installed: it is written first, and removed last. */
export type PendingIdentity = Static<typeof PendingIdentity>;

export const hubFile = validator(HubFile);
export const pendingIdentity = validator(PendingIdentity);
export const enrolResponse = validator(EnrolResponse);
