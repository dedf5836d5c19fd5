import { deliveryEvents } from './delivery.ts';
import { dicomEvents } from './dicom.ts';
import { engineEvents } from './engine.ts';
import { kserveEvents } from './kserve.ts';
import { linkEvents } from './link.ts';
import { machineEvents } from './machine.ts';
import { modelEvents } from './model.ts';
import { priorEvents } from './priors.ts';
import { programEvents } from './program.ts';
import { provisioningEvents } from './provisioning.ts';
import { releaseEvents } from './release.ts';
import { remoteEvents } from './remote.ts';
import { stowEvents } from './stow.ts';
import { studyEvents } from './study.ts';
import { telemetryEvents } from './telemetry.ts';
import { trainingEvents } from './training.ts';

/** Every event that any program logs, by name. `docs/events.md` is generated from it. */
export const eventRegistry = {
  ...deliveryEvents,
  ...dicomEvents,
  ...engineEvents,
  ...kserveEvents,
  ...linkEvents,
  ...machineEvents,
  ...modelEvents,
  ...priorEvents,
  ...programEvents,
  ...provisioningEvents,
  ...releaseEvents,
  ...remoteEvents,
  ...stowEvents,
  ...studyEvents,
  ...telemetryEvents,
  ...trainingEvents,
} as const;

export type EventName = keyof typeof eventRegistry;
export type EventField<N extends EventName> = (typeof eventRegistry)[N]['fields'][number];
export type EventFields<N extends EventName> = { readonly [F in EventField<N>]?: string | number | boolean };
