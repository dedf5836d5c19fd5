import { execFile } from 'node:child_process';

export type Sent = { readonly code: number; readonly output: string };

/** dcmtk's storescu: what it said, and its exit code. */
export const storescu = (
  files: readonly string[],
  to: { readonly port: number; readonly called: string; readonly calling: string },
): Promise<Sent> =>
  new Promise((resolve) => {
    const args = ['-v', '-aet', to.calling, '-aec', to.called, '127.0.0.1', String(to.port), ...files];
    execFile('storescu', args, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
