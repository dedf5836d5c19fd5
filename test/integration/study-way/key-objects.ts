import { fileURLToPath } from 'node:url';
import { runTool } from '../../conformance/results/tools.ts';
import { storescu } from '../agent/storescu.ts';
import { testUid } from './mr-series.ts';

export type KeyObjectOptions = {
  readonly file: string;
  /** Tells notes apart. */
  readonly name: string;
  /** Code of the document title. */
  readonly title: string;
  readonly study: string;
  readonly series?: string;
  /** Slices of `mrSeries` that it names, by number. */
  readonly slices: readonly number[];
};

const script = fileURLToPath(
  new URL(
    `${import.meta.url.includes('/dist/') ? '../../../' : '../../'}fixtures/key-objects/make-key-object.py`,
    import.meta.url,
  ),
);

/** Has pydicom write a key object about slices of `mrSeries`, and storescu send it. */
export async function sendKeyObject(port: number, options: KeyObjectOptions): Promise<void> {
  const { file, name, title, study, series = 'one', slices } = options;
  const uids = slices.map((slice) => testUid(study, series, slice));
  const args = [file, testUid('note', name), title, `P-${study}`, testUid(study), testUid(study, series), ...uids];
  const made = await runTool('/usr/bin/python3', [script, ...args]);
  if (made.exit !== 0) throw new Error(made.output);
  const sent = await storescu([file], { port, called: 'COLLIMATOR', calling: 'PACS1' });
  if (sent.code !== 0) throw new Error(sent.output);
}
