import type { ConnectionOptions } from 'node:tls';
import type { Clock } from './clock.ts';
import type { Implementation } from './implementation.ts';

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

/** Longest P-DATA-TF variable field that an SCU takes, bytes: it only ever receives responses. */
export const SCU_PDU_BYTES_MAX = 16_384;

export type OpenAssociation = {
  readonly host: string;
  readonly port: number;
  /** Options of node:tls; plain TCP when absent. */
  readonly tls?: ConnectionOptions;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** At most 128. */
  readonly contexts: readonly { readonly abstractSyntax: string; readonly transferSyntaxes: readonly string[] }[];
  readonly timeouts_ms?: Partial<ScuTimeouts>;
  readonly clock?: Clock;
  readonly implementation?: Implementation;
};
