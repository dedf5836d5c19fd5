import { deliveryEvents } from './delivery.ts';
import { dicomEvents } from './dicom.ts';
import { linkEvents } from './link.ts';
import { modelEvents } from './model.ts';
import { programEvents } from './program.ts';
import { provisioningEvents } from './provisioning.ts';
import { releaseEvents } from './release.ts';
import { stowEvents } from './stow.ts';
import { studyEvents } from './study.ts';
import { trainingEvents } from './training.ts';

/** Every event that any program logs, by name. `docs/events.md` is generated from it. */
export const eventRegistry = {
  ...deliveryEvents,
  ...dicomEvents,
  ...linkEvents,
  ...modelEvents,
  ...programEvents,
  ...provisioningEvents,
  ...releaseEvents,
  ...stowEvents,
  ...studyEvents,
  ...trainingEvents,
} as const;

export type EventName = keyof typeof eventRegistry;
export type EventField<N extends EventName> = (typeof eventRegistry)[N]['fields'][number];
export type EventFields<N extends EventName> = { readonly [F in EventField<N>]?: string | number | boolean };
