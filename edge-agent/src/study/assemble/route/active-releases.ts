import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { Release } from '@collimator/shared/contracts/release';

/** A release that is installed, verified and self-tested. `folder` holds release.json and its files. */
export type ActiveRelease = { readonly ref: ReleaseRef; readonly folder: string; readonly release: Release };

/** What the study's way needs to know of the model's way. */
export interface ActiveReleases {
  active(name: string): ActiveRelease | undefined;
  list(): readonly ActiveRelease[];
  /** Calls back after each change of what is active; the returned function ends it. */
  onSwap(listener: () => void): () => void;
}
