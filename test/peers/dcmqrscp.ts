import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-ports.ts';
import { type ListeningProgram, startListening } from './listening-program.ts';

const run = promisify(execFile);

/** dcmtk's archive: answers C-FIND and C-MOVE. */
export type Dcmqrscp = ListeningProgram & {
  /** Takes files up; resolves with where it keeps them. */
  hold(files: readonly string[]): Promise<string[]>;
};

/** `dcmqrscp` as ARCHIVE in a folder, which sends to one AE title, at a port of this machine, and to no other. */
export async function startDcmqrscp(folder: string, aeTitle: string, appliancePort: number): Promise<Dcmqrscp> {
  const storage = join(folder, 'ARCHIVE');
  await mkdir(storage, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'dcmqrscp.cfg');
  await writeFile(
    config,
    `NetworkTCPPort = ${port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
receiver = (${aeTitle}, 127.0.0.1, ${appliancePort})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE ${storage} RW (200, 1024mb) ANY
AETable END
`,
  );
  const program = await startListening('dcmqrscp', ['-c', config], port, { TCP_NODELAY: '1' });
  return {
    ...program,
    async hold(files) {
      const kept = files.map((file) => join(storage, basename(file)));
      for (const [i, file] of files.entries()) await copyFile(file, kept[i] as string);
      await run('dcmqridx', [storage, ...kept]);
      return kept;
    },
  };
}
