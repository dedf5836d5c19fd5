import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { InstanceIndex } from '@collimator/edge-agent/study/receive/instance-index';

/** An index of one JSON line per instance that is on disk before it counts. */
export async function openLinesIndex(path: string): Promise<InstanceIndex> {
  const file: FileHandle = await open(path, 'a+');
  const known = new Map<string, string>();
  for (const line of (await readFile(path, 'utf8')).split('\n'))
    if (line.endsWith('}')) {
      const { uid, sha256 } = JSON.parse(line) as { uid: string; sha256: string };
      known.set(uid, sha256);
    }
  await file.appendFile('\n'); // A line that the last kill cut off stays alone.

  let last: Promise<unknown> = Promise.resolve();
  return {
    record(header, path) {
      const mine = last.then(async () => {
        const before = known.get(header.sopInstanceUid);
        if (before !== undefined)
          return before === header.dataSetSha256 ? ('duplicate' as const) : ('conflict' as const);
        await file.appendFile(
          `${JSON.stringify({ uid: header.sopInstanceUid, sha256: header.dataSetSha256, path })}\n`,
        );
        await file.datasync();
        known.set(header.sopInstanceUid, header.dataSetSha256);
        return 'stored' as const;
      });
      last = mine;
      return mine;
    },
  };
}
