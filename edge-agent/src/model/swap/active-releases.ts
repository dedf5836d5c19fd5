import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { Release } from '@collimator/shared/contracts/release';
import type { Log } from '@collimator/shared/observe/log';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import { releaseJsonName } from '@collimator/shared/release/file-list';
import { readRelease } from '@collimator/shared/release/targets';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import { reasonOf } from '../model-error.ts';
import { checkFolder } from '../stage/check-folder.ts';
import { releaseFolder } from '../stage/place-release.ts';
import { mayFallBack } from './fall-back.ts';

/** A release that is installed, verified and self-tested. `folder` holds release.json and its files. */
export type ActiveRelease = { readonly ref: ReleaseRef; readonly folder: string; readonly release: Release };

export interface ActiveReleases {
  active(name: string): ActiveRelease | undefined;
  list(): readonly ActiveRelease[];
  /** Calls back after each change of what is active; the returned function ends it. */
  onSwap(listener: () => void): () => void;
}

type ActiveRow = {
  name: string;
  version: string;
  sha256: string;
  serial: number;
  previous_version: string | null;
  previous_sha256: string | null;
};

const listSql = 'SELECT name, version, sha256, serial, previous_version, previous_sha256 FROM active_releases';
export const getActiveSql = `${listSql} WHERE name = ?`;
const swapSql = `INSERT INTO active_releases (name, version, sha256, serial, swapped_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET previous_version = active_releases.version, previous_sha256 = active_releases.sha256,
    version = excluded.version, sha256 = excluded.sha256, serial = excluded.serial, swapped_at = excluded.swapped_at
  WHERE excluded.sha256 <> active_releases.sha256`;

export interface SwappableReleases extends ActiveReleases {
  /** Reads and hashes what is active on the disk; a broken folder falls back to the release before, see `mayFallBack`. */
  load(): Promise<void>;
  /** Makes a release active together with other statements, all or nothing. What ran before is kept as the previous. */
  swap(next: ActiveRelease, serial: number, at: Date, together: readonly Statement[]): Promise<void>;
  /** Digests of the active and the previous release of a name. */
  keep(name: string): readonly string[];
}

export function createActiveReleases(deps: {
  readonly store: Store;
  /** `<data>/releases` */
  readonly releases: string;
  readonly log: Log;
}): SwappableReleases {
  const { store, releases, log } = deps;
  const active = new Map<string, ActiveRelease>();
  const listeners = new Set<() => void>();

  async function open(name: string, version: string, sha256: string): Promise<ActiveRelease | undefined> {
    const folder = releaseFolder(releases, name, sha256);
    let reason: string;
    try {
      const manifest = await readFile(join(folder, releaseJsonName));
      const release = readRelease(manifest, { name, version });
      // A result names the digest of its release, so the files must be those that were signed, now too.
      const whole = release.ok ? await checkFolder(folder, release.value.files) : release;
      if (release.ok && whole.ok && sha256Hex(manifest) === sha256)
        return { ref: { name, version, sha256 }, folder, release: release.value };
      reason = whole.ok ? 'release.json has another digest' : whole.error.detail;
    } catch (error) {
      reason = reasonOf(error);
    }
    log.event('model-folder-broken', { name, version, reason });
    return undefined;
  }

  return {
    active: (name) => active.get(name),
    list: () => [...active.values()],
    onSwap(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async load() {
      for (const row of store.all<ActiveRow>(`${listSql} ORDER BY name`)) {
        let found = await open(row.name, row.version, row.sha256);
        const { previous_version: version, previous_sha256: sha256 } = row;
        if (found === undefined && version !== null && sha256 !== null && mayFallBack(version, row.version))
          found = await open(row.name, version, sha256);
        if (found !== undefined) active.set(row.name, found);
      }
    },
    async swap(next, serial, at, together) {
      const { name, version, sha256 } = next.ref;
      const params = [name, version, sha256, serial, at.toISOString()];
      await store.write([{ sql: swapSql, params }, ...together]);
      active.set(name, next);
      for (const listener of listeners) listener();
    },
    keep(name) {
      const row = store.get<ActiveRow>(getActiveSql, name);
      return row === undefined ? [] : [row.sha256, row.previous_sha256].filter((sha256) => sha256 !== null);
    },
  };
}
