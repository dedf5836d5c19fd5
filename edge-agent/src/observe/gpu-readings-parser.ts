/**
 * The fields asked of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`, in this order, with the name that
 * NVIDIA's DCGM exporter gives the same reading and the factor from nvidia-smi's unit to that one.
 */
export const gpuFields = [
  { query: 'utilization.gpu', metric: 'DCGM_FI_DEV_GPU_UTIL', help: 'GPU utilization, percent' },
  { query: 'utilization.memory', metric: 'DCGM_FI_DEV_MEM_COPY_UTIL', help: 'Memory utilization, percent' },
  { query: 'memory.used', metric: 'DCGM_FI_DEV_FB_USED', help: 'Framebuffer memory used, MiB' },
  { query: 'memory.free', metric: 'DCGM_FI_DEV_FB_FREE', help: 'Framebuffer memory free, MiB' },
  { query: 'temperature.gpu', metric: 'DCGM_FI_DEV_GPU_TEMP', help: 'GPU temperature, degrees Celsius' },
  { query: 'power.draw', metric: 'DCGM_FI_DEV_POWER_USAGE', help: 'Power draw, watts' },
  { query: 'clocks.sm', metric: 'DCGM_FI_DEV_SM_CLOCK', help: 'SM clock, MHz' },
] as const;

export type GpuMetric = (typeof gpuFields)[number]['metric'];

/** The readings of one GPU at one moment; what the driver does not support is left out. */
export type GpuReading = {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly values: Readonly<Partial<Record<GpuMetric, number>>>;
};

/** Everything that nvidia-smi is asked for; the first three say which GPU it is. */
export const gpuQuery = ['index', 'uuid', 'name', ...gpuFields.map((field) => field.query)].join(',');

/**
 * Reads one line. A value is a number, or a word in brackets (`[N/A]`, `[Not Supported]`, `[Unknown Error]`), which
 * is left out. Undefined when the line is none of ours, as the driver's complaints are.
 */
export function parseGpuLine(line: string): GpuReading | undefined {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length !== 3 + gpuFields.length) return undefined;
  const [indexText = '', uuid = '', name = '', ...texts] = cells;
  if (!/^\d+$/.test(indexText) || !/^(GPU|MIG)-[0-9a-fA-F-]+$/.test(uuid)) return undefined;
  const values: Partial<Record<GpuMetric, number>> = {};
  for (const [i, field] of gpuFields.entries()) {
    const text = texts[i] ?? '';
    if (/^-?\d+(\.\d+)?$/.test(text)) values[field.metric] = Number(text);
  }
  return { index: Number(indexText), uuid, name, values };
}
