import { join } from 'node:path';
import { checkoutRoot, pythonEnvironment } from '../../peers/python-environment.ts';
import { run } from '../dimse/peers.ts';

export const programs = join(checkoutRoot, 'test/conformance/interop/python');

/** A Python with pynetdicom, pydicom and pydicom's larger test set; see python/requirements.txt. */
export const interopPython = (): Promise<string> => pythonEnvironment('pynetdicom', join(programs, 'requirements.txt'));

/** Runs a program of ours there; its last line is JSON. */
export async function runPython<T>(program: string, ...args: readonly string[]): Promise<T> {
  const { code, output } = await run(await interopPython(), ['-W', 'ignore', join(programs, program), ...args]);
  const line = output.split('\n').findLast((one) => one.startsWith('{') || one.startsWith('['));
  if (code !== 0 || line === undefined) throw new Error(`${program} ${args[1]}: ${output.slice(-4_000)}`);
  return JSON.parse(line) as T;
}
