import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { OnEventReport } from '../event-report.ts';
import type { Implementation } from '../implementation.ts';
import type { RoleSelection } from '../upper-layer/pdu.ts';

export type ScuTimeouts = {
  /** For TCP and TLS to be set up, ms. */
  readonly connect: number;
  /** For the answer to the association request, ms. */
  readonly associate: number;
  /** For a response after the last fragment, and for a fragment to be taken by the peer, ms. */
  readonly response: number;
  /** For the A-RELEASE-RP and for the peer to close, ms. */
  readonly release: number;
};

export const defaultScuTimeouts: ScuTimeouts = { connect: 10_000, associate: 15_000, response: 60_000, release: 5_000 };

/** Longest P-DATA-TF variable field that an SCU takes, bytes: it only receives responses and reports. */
export const SCU_PDU_BYTES_MAX = 16_384;

/** Requests without a response at a time that are proposed at most: beyond it nothing gets faster. */
export const ASYNC_OPERATIONS_MAX = 64;

/** Who we are for a peer that asks (PS3.7 §D.3.3.7): user name, and passcode where there is one. */
export type ScuIdentity = {
  readonly username: string;
  readonly passcode?: string;
  /** Asks the peer to say that it knows us, and ends the association when it does not. */
  readonly confirm?: boolean;
};

export type OpenAssociation = {
  readonly host: string;
  readonly port: number;
  /** Options of node:tls, on top of `bcp195`; plain TCP when absent. */
  readonly tls?: ConnectionOptions;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** At most 128. */
  readonly contexts: readonly { readonly abstractSyntax: string; readonly transferSyntaxes: readonly string[] }[];
  readonly userIdentity?: ScuIdentity;
  /** Roles that we take for a class, where they are not the default of SCU only (PS3.7 §D.3.3.4). */
  readonly roles?: readonly RoleSelection[];
  /**
   * Requests that may be without a response at a time, 1 to `ASYNC_OPERATIONS_MAX`; 1, and nothing proposed, when
   * absent. What the peer accepts of it is in `accepted.operationsMax` (PS3.7 §D.3.3.3).
   */
  readonly asyncOperations?: number;
  /** Answers an N-EVENT-REPORT that comes on this association; without it, one is refused as not agreed (0211H). */
  readonly onEventReport?: OnEventReport;
  readonly timeouts_ms?: Partial<ScuTimeouts>;
  readonly clock?: Clock;
  readonly implementation?: Implementation;
};
