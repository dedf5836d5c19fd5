import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, status, type StoreSink } from '@collimator/edge-agent/dimse/index';
import { encodeFileMeta } from '@collimator/edge-agent/study/receive/disk/file-meta';
import { dataSetSha256 } from '@collimator/edge-agent/study/receive/disk/instance-placement';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { type LogLine, openLog, type ReceivedLog, readLog } from './received-log.ts';

export type Receiver = { readonly sink: StoreSink; readonly log: ReceivedLog };

/**
 * Stores each instance as `DIR/<digest of the UID>.dcm` and logs it, both on disk before the answer. The first bytes
 * stay; a repeat is compared with them and dropped. What earlier runs received is known from the log, and what they
 * stored without getting as far as the log from the folder.
 */
export async function openReceiver(folder: string, checkpoint: Checkpoint = () => undefined): Promise<Receiver> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.endsWith('.part')) await rm(join(folder, name));
  const logPath = join(folder, 'log.jsonl');
  const first = new Map<string, string>();
  for (const line of await readLog(logPath))
    if (line.type === 'instance' && !first.has(line.file)) first.set(line.file, line.sha256);
  for (const name of await readdir(folder))
    if (name.endsWith('.dcm') && !first.has(name)) first.set(name, (await dataSetSha256(join(folder, name))) ?? '');
  const log = await openLog(logPath);

  const sink: StoreSink = {
    async begin(request) {
      const meta = encodeFileMeta({ ...request, sourceAeTitle: request.callingAeTitle });
      const part = join(folder, `${randomUUID()}.part`);
      const name = `${createHash('sha256').update(request.sopInstanceUid).digest('hex').slice(0, 32)}.dcm`;
      const handle = await open(part, 'wx');
      await handle.writeFile(meta);
      const hash = createHash('sha256');
      let bytes = 0;
      return ok({
        async write(data) {
          hash.update(data);
          bytes += data.length;
          await handle.writeFile(data);
        },
        async commit() {
          await handle.sync();
          await handle.close();
          const sha256 = hash.digest('hex');
          const known = first.get(name);
          first.set(name, known ?? sha256);
          if (known === undefined) await rename(part, join(folder, name));
          else await rm(part);
          await syncFolder(folder);
          const { sopClassUid, sopInstanceUid, transferSyntaxUid, associationId } = request;
          const line: LogLine = {
            type: 'instance',
            associationId,
            sopClassUid,
            sopInstanceUid,
            transferSyntaxUid,
            sha256,
            bytes,
            repeat: known !== undefined,
            bytesEqual: (known ?? sha256) === sha256,
            file: name,
          };
          await log.append(line);
          checkpoint('pacs-stored');
          return { status: status.success };
        },
        async abort() {
          await handle.close();
          await rm(part, { force: true });
        },
      });
    },
  };
  return { sink, log };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
