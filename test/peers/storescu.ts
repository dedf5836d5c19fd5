import { spawn } from 'node:child_process';
import { once } from 'node:events';

export type StorescuTarget = { readonly port: number; readonly aeTitle: string; readonly callingAeTitle: string };

/**
 * Sends files with dcmtk's storescu over so many associations at once, each with its share of the files.
 * Rejects when any of them ends with an error: then the time means nothing.
 */
export async function sendWithStorescu(
  target: StorescuTarget,
  files: readonly string[],
  associations: number,
): Promise<void> {
  const shares = Array.from({ length: associations }, (_, share) =>
    files.filter((_file, index) => index % associations === share),
  );
  await Promise.all(shares.filter((share) => share.length > 0).map((share) => sendShare(target, share)));
}

async function sendShare({ port, aeTitle, callingAeTitle }: StorescuTarget, files: readonly string[]): Promise<void> {
  // -R: without it storescu proposes every class it knows, and a PDU of them all.
  const args = ['-R', '-aec', aeTitle, '-aet', callingAeTitle, '127.0.0.1', String(port), ...files];
  const child = spawn('storescu', args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TCP_NODELAY: '1' },
  });
  let errors = '';
  child.stderr.on('data', (some: Buffer) => (errors = (errors + some.toString()).slice(-2_000)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`storescu to port ${port} ended with ${code}: ${errors}`);
}
