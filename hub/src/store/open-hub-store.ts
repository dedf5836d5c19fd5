import { join } from 'node:path';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';

/** Numbered SQL files: the same folder serves the sources and the compiled program. */
export const hubMigrations = new URL('../../src/store/migrations/', import.meta.url);

/** The hub's database in its data folder. Throws `store-schema`, `store-unavailable`. */
export const openHubStore = (data: string): Promise<Store> =>
  openStore({ file: join(data, 'hub.db'), migrations: hubMigrations });
