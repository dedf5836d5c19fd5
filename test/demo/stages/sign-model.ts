import { join } from 'node:path';
import type { Stage } from '../context.ts';
import { runCollimator } from '../programs.ts';

/** Two of three people sign the release with the offline targets keys. */
export const signModel: Stage = {
  name: 'sign',
  title: 'Signature',
  async run(demo, progress) {
    const { model } = demo.report;
    if (model === null) throw new Error('nothing was trained');
    const name = `${model.name}@${model.version}`;
    progress.update(undefined, name);
    const keys = ['targets-1.pem', 'targets-2.pem'].flatMap((key) => [
      '--targets-key',
      join(demo.layout.keys, 'offline', key),
    ]);
    await runCollimator(['provision', 'releases', 'sign', name, ...keys, '--yes', '--config', demo.layout.hubConfig], {
      signal: demo.signal,
    });
    return `${name} is signed by 2 of 3 targets keys`;
  },
};
