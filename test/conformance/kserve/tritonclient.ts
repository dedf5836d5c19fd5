import { join } from 'node:path';
import { checkoutRoot, pythonEnvironment } from '../../peers/python-environment.ts';
import { runTool } from '../results/tools.ts';

const programs = join(checkoutRoot, 'test/conformance/kserve/python');

/** A Python with Triton's client; see python/requirements.txt. */
export const tritonPython = (): Promise<string> =>
  pythonEnvironment('tritonclient', join(programs, 'requirements.txt'));

/** What a scenario of python/client.py saw. */
export async function askAsTriton<T>(port: number, token: string, scenario: string): Promise<T> {
  const args = ['-W', 'ignore', join(programs, 'client.py'), `127.0.0.1:${port}`, token, scenario];
  const { exit, output } = await runTool(await tritonPython(), args);
  const line = output.split('\n').findLast((one) => /^[[{"\d]/.test(one));
  if (exit !== 0 || line === undefined) throw new Error(`${scenario}: ${output.slice(-4_000)}`);
  return JSON.parse(line) as T;
}
