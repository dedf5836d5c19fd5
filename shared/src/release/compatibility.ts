import type { Release } from '../contracts/release.ts';
import { ok, type Result } from '../result.ts';
import { type Refusal, refuse } from './refusal.ts';

/** What a device has to run a release with. */
export type DeviceCapabilities = {
  readonly providers: readonly ('cuda' | 'tensorrt' | 'cpu')[];
  readonly memory_bytes: number;
  /** Highest ONNX operator set that its runtime knows. */
  readonly opset_max: number;
};

/** Whether a device satisfies what a release needs; every lack is named. */
export function compatible(
  needs: Pick<Release['device'], 'providers' | 'memory_bytes_min' | 'opset'>,
  device: DeviceCapabilities,
): Result<undefined, Refusal> {
  const lacks: string[] = [];
  if (!needs.providers.some((provider) => device.providers.includes(provider)))
    lacks.push(`needs one of ${needs.providers.join(', ')}, has ${device.providers.join(', ')}`);
  if (device.memory_bytes < needs.memory_bytes_min)
    lacks.push(`needs ${needs.memory_bytes_min} bytes of memory, has ${device.memory_bytes}`);
  if (needs.opset > device.opset_max) lacks.push(`needs opset ${needs.opset}, knows ${device.opset_max}`);
  return lacks.length === 0 ? ok(undefined) : refuse('release-incompatible', lacks.join('; '));
}
