import { closeSync, existsSync, openSync } from 'node:fs';

/** What one device of a fault test does wrong; see `createFaults`. */
export type Fault = {
  readonly device: string;
  /**
   * `nan`, `shape`: outputs that cannot be. `memory`: runs of more than `batchOver` find no memory. `leak`: keeps
   * `bytes` a run. `hang`: stops. `die`: ends. `vanish`: cannot start while `when` exists.
   */
  readonly fault: 'nan' | 'shape' | 'memory' | 'leak' | 'hang' | 'die' | 'vanish';
  readonly batchOver?: number;
  readonly bytes?: number;
  /** File that is created by the first process that does it; no other one does it then. */
  readonly marker?: string;
  /** File without which it does not happen. */
  readonly when?: string;
};

type Output = { readonly dims: readonly number[]; readonly data: unknown };

export type Faults = {
  /** Called where models are about to be loaded. */
  starting(device: string): void;
  /** From now on runs are of work; what came before was the warm-up and the golden cases. */
  arm(device: string): void;
  /** Called before each run. */
  running(batch: number): void;
  /** Each output, as the runtime gave it. */
  output<T extends Output>(output: T): T | Output;
};

/**
 * Lets a fault test make a device misbehave as hardware, drivers and models do, in the process that it happens in:
 * `COLLIMATOR_WORKER_FAULTS` is a JSON list of `Fault`. Without it nothing is done.
 */
export function createFaults(env: NodeJS.ProcessEnv): Faults {
  const listed = JSON.parse(env['COLLIMATOR_WORKER_FAULTS'] ?? '[]') as readonly Fault[];
  const kept: Uint8Array[] = [];
  let armed: readonly Fault[] = [];
  const meant = (fault: Fault['fault']): Fault | undefined =>
    armed.find((one) => one.fault === fault && now(one) && (one.marker === undefined || claim(one.marker)));
  const now = ({ when }: Fault): boolean => when === undefined || existsSync(when);

  return {
    starting(device) {
      const gone = listed.find((one) => one.device === device && one.fault === 'vanish');
      if (gone !== undefined && now(gone)) process.exit(1);
    },
    arm(device) {
      armed = listed.filter((one) => one.device === device);
    },
    running(batch) {
      if (armed.length === 0) return;
      if (meant('die') !== undefined) process.kill(process.pid, 'SIGKILL');
      if (meant('hang') !== undefined) process.kill(process.pid, 'SIGSTOP');
      const leak = armed.find(({ fault }) => fault === 'leak');
      if (leak !== undefined) kept.push(new Uint8Array(leak.bytes ?? 0).fill(1));
      const memory = armed.find(({ fault }) => fault === 'memory');
      if (memory !== undefined && batch > (memory.batchOver ?? 0))
        throw new Error('bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 1073741824');
    },
    output(output) {
      if (armed.length === 0) return output;
      if (output.data instanceof Float32Array && meant('nan') !== undefined) output.data[0] = Number.NaN;
      return meant('shape') === undefined ? output : { dims: [...output.dims, 1], data: output.data };
    },
  };
}

/** Creates the marker; false when it was there already. */
function claim(marker: string): boolean {
  try {
    closeSync(openSync(marker, 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
