import type { ReleaseRef } from '@collimator/shared/contracts/common';

/** An installed release; the program reads `release.json` from the folder. */
export type InstalledRelease = { readonly ref: ReleaseRef; readonly folder: string };

export type AgentSetup = {
  readonly dataDir: string;
  readonly pacsPort: number;
  readonly releases: readonly InstalledRelease[];
  /** Devices, as in the configuration of an appliance. */
  readonly devices: readonly object[];
  readonly quiet_s: number;
};

/** Closed-loop clients, each with one request under way at a time, for so long. */
export type RequestLoad = {
  readonly release: string;
  readonly dims: readonly number[];
  readonly clients: number;
  readonly for_ms: number;
  /** Goes on until this release (by its digest) has answered too. */
  readonly untilBy?: string;
};

export type RequestFigures = {
  readonly answered: number;
  readonly failed: readonly string[];
  readonly latencies_ms: readonly number[];
  /** How often each release (by its digest) answered. */
  readonly by: Readonly<Record<string, number>>;
};

export type ToAgent =
  | { readonly type: 'setup'; readonly setup: AgentSetup }
  | { readonly type: 'use'; readonly releases: readonly InstalledRelease[] }
  | { readonly type: 'requests'; readonly load: RequestLoad }
  /** Forgets the delays of the event loop so far. */
  | { readonly type: 'reset-loop-delay' }
  | { readonly type: 'loop-delay' };

export type FromAgent =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'event'; readonly name: string; readonly at_ms: number; readonly fields?: Record<string, unknown> }
  | { readonly type: 'requests'; readonly figures: RequestFigures }
  | { readonly type: 'loop-delay'; readonly p99_ms: number };
