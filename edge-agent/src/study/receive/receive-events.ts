import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import type { InstanceHeader } from './header/instance-header.ts';

/** `own-kept`: a result of ours came back changed; ours stays. `known`: this very copy lies in the quarantine already. */
export type ConflictAction = 'quarantined' | 'replaced' | 'first-kept' | 'own-kept' | 'known';

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
      /** Its number there; undefined when the quarantine is full. */
      readonly entry: number | undefined;
      /** False when the quarantine is full and the object was refused instead. */
      readonly kept: boolean;
    }
  /** A UID that is known came with other bytes, and this is what was done; `kept` by the quarantine is told besides. */
  | { readonly type: 'instance-conflict'; readonly action: ConflictAction; readonly callingAeTitle: string }
  | { readonly type: 'write-failed'; readonly sopInstanceUid: string; readonly error: unknown };
