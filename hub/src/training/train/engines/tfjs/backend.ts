import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineInfo, PassedOver } from '../../engine.ts';
import { correctWasmKernels } from './kernels/correct-wasm.ts';

/** Native TensorFlow bindings, best first; used where a person installed one, never required. */
const nativePackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/**
 * Chooses and starts the TensorFlow.js backend of this process: native TensorFlow on a GPU or CPU where its package is
 * installed, else WebAssembly (SIMD, one thread, so that a fixed seed gives the same bits) with corrected gradients.
 * TensorFlow.js keeps its backend per process, which is why a training run has a process of its own.
 * @throws CodedError `training-backend-unavailable`
 */
export async function startBackend(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<EngineInfo> {
  const passedOver: PassedOver[] = [];
  const engine = `tfjs ${tf.version_core}`;
  for (const name of nativePackages) {
    try {
      await load(name);
      if (await tf.setBackend('tensorflow')) {
        await tf.ready();
        return { engine, backend: name.slice('@tensorflow/'.length), detail: 'native TensorFlow', passedOver };
      }
      passedOver.push({ name, why: 'it loaded but gave no working backend' });
    } catch (error) {
      passedOver.push({ name, why: reason(name, error) });
    }
  }
  return { engine, backend: 'wasm', detail: await startWasm(), passedOver };
}

/** Starts the WebAssembly backend; the string says what it runs with. */
export async function startWasm(): Promise<string> {
  const require = createRequire(import.meta.url);
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
  // Threads would sum in an order of their own; the flag must be set before the backend starts.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new CodedError('training-backend-unavailable', 'wasm');
  await tf.ready();
  correctWasmKernels();
  return tf.env().getBool('WASM_HAS_SIMD_SUPPORT') ? 'SIMD, 1 thread' : 'no SIMD, 1 thread';
}

function reason(name: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const absent = (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(name);
  return absent ? 'not installed' : `it is installed and does not load: ${message.split('\n')[0] ?? ''}`;
}
