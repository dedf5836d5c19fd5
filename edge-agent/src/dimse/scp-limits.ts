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
  closeGrace_ms: 5_000,
};
