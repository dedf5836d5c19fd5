import { onPath } from '../demo/on-path.ts';
import { aeTitles } from '../demo/layout.ts';
import { runProgram } from '../demo/programs.ts';

const triesMax = 60;
const retryMs = 500;

/**
 * Sends files as a PACS does: again and again until every image of the study was answered with success.
 * What was stored already is sent again, and answered with success again.
 */
export async function sendUntilStored(port: number, files: readonly string[], propose: string): Promise<number> {
  const storescu = onPath('storescu');
  if (storescu === undefined) throw new Error('storescu (dcmtk) is not installed');
  const titles = ['--aetitle', aeTitles.modality, '--call', aeTitles.appliance];
  let last: unknown;
  for (let tries = 1; tries <= triesMax; tries += 1) {
    try {
      await runProgram(storescu, [...titles, propose, '127.0.0.1', String(port), ...files], 'storescu');
      return tries;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  throw new Error(`not stored after ${triesMax} tries`, { cause: last });
}
