import { join } from 'node:path';
import type { Destination } from '@collimator/shared/contracts/agent-config';
import type { DeliveryRow } from '../../store/delivery-row.ts';
import { createDestinationLane, type DestinationLane, type LaneDeps } from './destination-lane.ts';
import { createDimseSender } from './dimse-sender.ts';
import { openDestination } from './open-destination.ts';
import { openResult, type ResultFile } from './result-file.ts';
import { authorizationOf, openConnections } from './open-stow.ts';
import { createStowSender } from './stow-sender.ts';
import { failedWith, type Sender, type Tell } from './sender.ts';

export type OpenLaneDeps = Omit<LaneDeps, 'name' | 'times' | 'sender' | 'commit'> & {
  readonly destination: Destination;
  readonly callingAeTitle: string;
  readonly dataDir: string;
};

/** How long an HTTP connection is kept that has nothing to send. */
const STOW_IDLE_MS = 5_000;

/** The lane of a destination, with the sender of its kind. */
export function openLane(deps: OpenLaneDeps): DestinationLane {
  const { destination } = deps;
  const { first_s, most_s } = destination.retry;
  return createDestinationLane({
    ...deps,
    name: destination.name,
    times: { first_ms: first_s * 1000, most_ms: most_s * 1000 },
    commit: destination.kind === 'dimse' && destination.commitment !== undefined,
    sender: openSender({ ...deps, isToBeSent: (row) => deps.deliveries.isToBeSent(row) }),
  });
}

export type SenderDeps = Pick<OpenLaneDeps, 'destination' | 'callingAeTitle' | 'dataDir' | 'after'> & {
  /** Asked again before each object: its study may be held since the first one of them was taken up. */
  readonly isToBeSent?: (row: DeliveryRow) => boolean;
};

/** What sends to a destination of its kind; for a lane, or for one object by hand. */
export function openSender(deps: SenderDeps): Sender {
  const { destination, after } = deps;
  const fileOf = async (row: DeliveryRow, tell: Tell): Promise<ResultFile | undefined> =>
    deps.isToBeSent?.(row) === false ? undefined : fileOrFailure(deps.dataDir, row, tell);
  switch (destination.kind) {
    case 'dimse':
      return createDimseSender({
        name: destination.name,
        open: (offered) => openDestination(destination, deps.callingAeTitle, offered),
        fileOf,
        idle_ms: destination.association.idle_s * 1000,
        objectsMax: destination.association.objects_max,
        after,
      });
    case 'stow':
      return createStowSender({
        url: destination.url,
        openConnections: () => openConnections(destination),
        authorization: () => authorizationOf(destination),
        fileOf,
        requestObjectsMax: destination.request_objects_max,
        idle_ms: STOW_IDLE_MS,
        after,
      });
  }
}

async function fileOrFailure(dataDir: string, row: DeliveryRow, tell: Tell): Promise<ResultFile | undefined> {
  const opened = await openResult(join(dataDir, row.path), row.sha256);
  if (opened.ok) return opened.value;
  await tell(row, failedWith({ class: 'permanent', code: 'delivery-result-damaged', detail: opened.error }));
  return undefined;
}
