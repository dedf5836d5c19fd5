import type { ProgressLimits } from './scp-progress.ts';

/** Every bound of the SCP. Associations overall and per source are in the policy. */
export type ScpLimits = ProgressLimits & {
  /** Longest P-DATA-TF variable field taken and announced, bytes. */
  readonly pduBytesMax: number;
  /** PS3.8 §9.1.5: for the association request to come, and for the peer to close at the end, ms. */
  readonly artim_ms: number;
  /** Transport connections at a time, those without an association included. */
  readonly connectionsMax: number;
  /** Of these, those of one address that hold no association: one that only opens connections must not lock out the rest. */
  readonly waitingPerAddressMax: number;
  /** How long a request waits for a place when all associations, or all of its source, are in use; 0 refuses at once, ms. */
  readonly associationWait_ms: number;
  /** Requests of one association that are worked on at a time, where the peer proposes more than one (PS3.7 §D.3.3.3). */
  readonly operationsMax: number;
  /** How long a closing SCP lets an object that is arriving come to its end, ms. */
  readonly closeGrace_ms: number;
};

export const defaultScpLimits: ScpLimits = {
  pduBytesMax: 131_072,
  artim_ms: 10_000,
  idle_ms: 60_000,
  bytesPerSecondMin: 1_000,
  progressWindow_ms: 30_000,
  connectionsMax: 128,
  waitingPerAddressMax: 32,
  associationWait_ms: 0,
  operationsMax: 8,
  closeGrace_ms: 5_000,
};
