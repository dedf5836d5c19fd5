import type { Ask, Sample } from '../ask.ts';
import { gpuFields } from './fields.ts';
import type { XidCount } from './kernel-log.ts';
import type { GpuReading } from './line-parser.ts';
import { reasonsOf } from './throttle-reasons.ts';

/** What the GPUs of the machine say, and what the kernel says of them. */
export type GpuFigures = {
  readonly gpus: readonly GpuReading[];
  readonly xids: readonly XidCount[];
  /** Code of the latest error of a GPU, by its PCI address. */
  readonly latestXid: (pci: string) => number | undefined;
  /** Undefined where there is no GPU to hear of. */
  readonly kernelLogRead: boolean | undefined;
};

export const noGpus: GpuFigures = { gpus: [], xids: [], latestXid: () => undefined, kernelLogRead: undefined };

const labels = ['gpu', 'UUID', 'modelName'] as const;
const labelsOf = ({ index, uuid, name }: GpuReading) => ({ gpu: String(index), UUID: uuid, modelName: name });

/** Readings under the names of NVIDIA's DCGM exporter, so that its dashboards fit, and what it gives no name to. */
export function addGpuMetrics(ask: Ask, figures: () => GpuFigures): void {
  for (const { metric, help } of gpuFields)
    ask(metric, help, labels, () =>
      figures().gpus.flatMap((gpu): Sample[] => {
        const value = gpu.values[metric];
        return value === undefined ? [] : [[labelsOf(gpu), value]];
      }),
    );
  ask('DCGM_FI_DEV_XID_ERRORS', 'Code of the latest Xid error since the start, 0 for none', labels, () => {
    const { gpus, latestXid, kernelLogRead } = figures();
    return kernelLogRead === true ? gpus.map((gpu): Sample => [labelsOf(gpu), latestXid(gpu.pci) ?? 0]) : [];
  });
  ask('collimator_gpu_throttled', 'Whether the clocks of a GPU are held down, by reason', [...labels, 'reason'], () =>
    figures().gpus.flatMap((gpu): Sample[] => {
      const mask = gpu.values.DCGM_FI_DEV_CLOCK_THROTTLE_REASONS;
      if (mask === undefined) return [];
      return Object.entries(reasonsOf(mask)).map(([reason, holds]) => [{ ...labelsOf(gpu), reason }, Number(holds)]);
    }),
  );
  ask(
    'collimator_gpu_xid_errors_total',
    'Xid errors since the start, by code and by the PCI address of the GPU',
    ['pci', 'xid'],
    () => figures().xids.map(({ pci, code, count }): Sample => [{ pci, xid: String(code) }, count]),
  );
  ask('collimator_kernel_log_read', 'Whether the kernel log is read for Xid errors', [], () => {
    const { kernelLogRead } = figures();
    return kernelLogRead === undefined ? [] : [[{}, Number(kernelLogRead)]];
  });
}
