import type { Log } from '@collimator/shared/observe/log';
import type { ReceiveEvent } from './receive-events.ts';

/** Logs what a person may have to look at. UIDs and names stay out. */
export function logReceived(event: ReceiveEvent, log: Log): void {
  if (event.type === 'quarantined') {
    const { code, why, callingAeTitle: calling, kept, entry } = event;
    log.event('instance-quarantined', { code, why, calling, kept, ...(entry !== undefined && { entry }) });
  }
  if (event.type === 'instance-conflict')
    log.event('instance-conflict', { action: event.action, calling: event.callingAeTitle });
}
