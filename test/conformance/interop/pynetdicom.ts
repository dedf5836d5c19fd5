import { dirname, join } from 'node:path';
import { checkoutRoot, pythonEnvironment } from '../../peers/python-environment.ts';
import { filesBelow, run } from '../dimse/peers.ts';

export const programs = join(checkoutRoot, 'test/conformance/interop/python');

/** A Python with pynetdicom, pydicom and pydicom's larger test set; see python/requirements.txt. */
export const interopPython = (): Promise<string> => pythonEnvironment('pynetdicom', join(programs, 'requirements.txt'));

/** Folder of pydicom's larger test set. */
export async function pydicomDataFolder(): Promise<string> {
  const installed = await filesBelow(join(await interopPython(), '../../lib'));
  const found = installed.find((file) => file.endsWith('data_store/__init__.py'));
  if (found === undefined) throw new Error('pydicom-data is not installed');
  return join(dirname(found), 'data');
}

/** Runs a program of ours there; its last line is JSON. */
export async function runPython<T>(program: string, ...args: readonly string[]): Promise<T> {
  const { code, output } = await run(await interopPython(), ['-W', 'ignore', join(programs, program), ...args]);
  const line = output.split('\n').findLast((one) => one.startsWith('{') || one.startsWith('['));
  if (code !== 0 || line === undefined) throw new Error(`${program} ${args[1]}: ${output.slice(-4_000)}`);
  return JSON.parse(line) as T;
}
