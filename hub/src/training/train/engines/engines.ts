import { CodedError } from '@collimator/shared/errors/coded-error';
import type { TrainingEngine } from '../engine.ts';

/** The engines of this installation, by the name a run gives; loaded only when asked for. */
const engines: Readonly<Record<string, () => Promise<TrainingEngine>>> = {
  tfjs: async () => (await import('./tfjs/engine.ts')).makeTfjsEngine(),
};

/** @throws CodedError `training-engine-unknown` */
export async function loadEngine(name: string): Promise<TrainingEngine> {
  const load = Object.hasOwn(engines, name) ? engines[name] : undefined;
  if (load === undefined)
    throw new CodedError('training-engine-unknown', `${name} (there is: ${Object.keys(engines).join(', ')})`);
  return load();
}
