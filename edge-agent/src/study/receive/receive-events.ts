import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import type { InstanceHeader } from './instance-header.ts';

/** What receiving tells its owner, besides what the SCP tells. */
export type ReceiveEvent =
  /** Durable and indexed, before the sender is answered. A duplicate is told too: it may be what a crash left unfinished. */
  | {
      readonly type: 'instance-placed';
      readonly header: InstanceHeader;
      readonly path: string;
      readonly duplicate: boolean;
    }
  | {
      readonly type: 'quarantined';
      readonly code: ErrorCode;
      readonly why: string;
      readonly sopInstanceUid: string;
      readonly callingAeTitle: string;
      /** False when the quarantine is full and the object was refused instead. */
      readonly kept: boolean;
    }
  | { readonly type: 'write-failed'; readonly sopInstanceUid: string; readonly error: unknown };
