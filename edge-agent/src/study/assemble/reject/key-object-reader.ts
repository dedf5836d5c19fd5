import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { err, type Result } from '@collimator/shared/result';
import type { KeyObjects, UnreadKeyObject } from '../../../store/sqlite-key-objects.ts';
import { KEY_OBJECT_BYTES_MAX, type KeyObject, readKeyObject } from '../../decode/key-object.ts';
import { listsStudy } from '../complete/completion-rules.ts';
import { effectOf } from './rejection.ts';

export type KeyObjectReaderDeps = {
  readonly keyObjects: KeyObjects;
  readonly rules: readonly CompletionRule[];
  /** What is remembered of rejected images that are not here. */
  readonly keep: { readonly for_ms: number; readonly entriesMax: number };
  /** Absolute. */
  readonly dataDir: string;
  readonly now: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** Jobs were rejected: what they gave is to be withdrawn. */
  readonly onRejected: () => void;
};

/**
 * Reads the key objects that came in and does what they say, in the order of their arrival.
 *
 * @returns whether there may be more
 */
export async function readKeyObjects(deps: KeyObjectReaderDeps, limit: number): Promise<boolean> {
  const { keyObjects, log } = deps;
  const unread = keyObjects.unread(limit);
  for (const one of unread) {
    const read = await readFile(one, deps.dataDir);
    if (!read.ok) {
      await keyObjects.unreadable(one);
      log.event('key-object-unreadable', { instance: one.instanceId, reason: read.error });
      continue;
    }
    const { title, references } = read.value;
    const effect = effectOf(title);
    if (effect.do === 'nothing') {
      if (!listsStudy(one.source, title, deps.rules)) await keyObjects.read(one, title);
      else {
        await keyObjects.list(one, title, references);
        log.event('study-listed', { instance: one.instanceId, references: references.length });
      }
      continue;
    }
    if (effect.do === 'expire') await keyObjects.expire(one, title, references, deps.now());
    const jobs = effect.do === 'reject' ? await keyObjects.reject(one, read.value, deps.now()) : 0;
    deps.checkpoint('rejection-noted');
    const reason = effect.do === 'reject' ? effect.reason : 'retention';
    log.event('rejection-noted', { instance: one.instanceId, reason, references: references.length, jobs });
    if (jobs > 0) deps.onRejected();
  }
  // Only notes make it grow.
  if (unread.length > 0) {
    const instances = await keyObjects.forget(deps.now() - deps.keep.for_ms, deps.keep.entriesMax);
    if (instances > 0) log.event('rejections-forgotten', { instances });
  }
  return unread.length === limit;
}

/** What cannot be read because of the disk is tried again by the stage; what is no key object never will be one. */
async function readFile({ path }: UnreadKeyObject, dataDir: string): Promise<Result<KeyObject, string>> {
  const handle = await open(join(dataDir, path), 'r');
  try {
    const { size } = await handle.stat();
    if (size > KEY_OBJECT_BYTES_MAX) return err(`it is longer than ${KEY_OBJECT_BYTES_MAX} bytes`);
    return readKeyObject(await handle.readFile());
  } finally {
    await handle.close();
  }
}
