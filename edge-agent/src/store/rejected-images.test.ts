import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { exampleHeader } from '../study/assemble/testing/example-series.ts';
import { createSqliteInstanceIndex } from './sqlite-instance-index.ts';
import { createSqliteKeyObjects } from './sqlite-key-objects.ts';

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rejected-'));
  store = await openStore({
    file: join(folder, 'agent.sqlite'),
    migrations: new URL('./migrations/', import.meta.url),
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it('what was rejected is forgotten by age and by number, oldest first, and never while it is here', async () => {
  const index = createSqliteInstanceIndex({ store, now: () => 1, onStored: () => undefined, patientKey: () => 'p' });
  const keyObjects = createSqliteKeyObjects(store);
  const record = (sopInstanceUid: string, sopClassUid: string = sopClasses.mrImage): Promise<unknown> =>
    index.record(exampleHeader({ sopInstanceUid, sopClassUid }), sopInstanceUid);
  await record('here');
  const reject = async (uid: string, references: readonly string[], now_ms: number): Promise<void> => {
    await record(uid, sopClasses.keyObjectSelection);
    const [note] = keyObjects.unread(1);
    if (note === undefined) throw new Error('the note is to be read');
    await keyObjects.reject(note, { title: '113001', references, studyInstanceUids: [] }, now_ms);
  };
  await reject('n1', ['here', 'a', 'b'], 1_000);
  await reject('n2', ['c', 'd', 'a'], 2_000);
  await reject('n3', ['e'], 3_000);
  const known = (): string[] =>
    store
      .all<{ uid: string }>('SELECT sop_instance_uid AS uid FROM rejected_instances')
      .map(({ uid }) => uid)
      .toSorted();

  expect(await keyObjects.forget(1_000, 100)).toBe(0);
  expect(await keyObjects.forget(2_000, 100)).toBe(2);
  expect(known()).toEqual(['c', 'd', 'e', 'here']);
  expect(await keyObjects.forget(0, 2)).toBe(2);
  expect(known()).toEqual(['e', 'here']);
  expect(await keyObjects.forget(9_000, 1)).toBe(1);
  expect(known()).toEqual(['here']);
});
