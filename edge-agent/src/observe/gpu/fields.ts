/**
 * The fields asked of `nvidia-smi --query-gpu=…`, with the name that NVIDIA's DCGM exporter gives the same reading in the
 * same unit. `nvidia-smi --help-query-gpu` lists what a driver knows; one that does not know a field refuses them all.
 */
export const gpuFields = [
  { query: 'utilization.gpu', metric: 'DCGM_FI_DEV_GPU_UTIL', help: 'GPU utilization, percent' },
  { query: 'utilization.memory', metric: 'DCGM_FI_DEV_MEM_COPY_UTIL', help: 'Memory utilization, percent' },
  { query: 'memory.used', metric: 'DCGM_FI_DEV_FB_USED', help: 'Framebuffer memory used, MiB' },
  { query: 'memory.free', metric: 'DCGM_FI_DEV_FB_FREE', help: 'Framebuffer memory free, MiB' },
  { query: 'memory.reserved', metric: 'DCGM_FI_DEV_FB_RESERVED', help: 'Framebuffer memory of the driver, MiB' },
  { query: 'temperature.gpu', metric: 'DCGM_FI_DEV_GPU_TEMP', help: 'GPU temperature, degrees Celsius' },
  { query: 'temperature.memory', metric: 'DCGM_FI_DEV_MEMORY_TEMP', help: 'Memory temperature, degrees Celsius' },
  { query: 'power.draw', metric: 'DCGM_FI_DEV_POWER_USAGE', help: 'Power draw, watts' },
  { query: 'enforced.power.limit', metric: 'DCGM_FI_DEV_ENFORCED_POWER_LIMIT', help: 'Power limit in force, watts' },
  { query: 'clocks.sm', metric: 'DCGM_FI_DEV_SM_CLOCK', help: 'SM clock, MHz' },
  { query: 'clocks.mem', metric: 'DCGM_FI_DEV_MEM_CLOCK', help: 'Memory clock, MHz' },
  { query: 'pcie.link.gen.current', metric: 'DCGM_FI_DEV_PCIE_LINK_GEN', help: 'PCI Express generation in use' },
  { query: 'pcie.link.width.current', metric: 'DCGM_FI_DEV_PCIE_LINK_WIDTH', help: 'PCI Express lanes in use' },
  {
    query: 'clocks_throttle_reasons.active',
    metric: 'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS',
    help: 'Why the clocks are not at their highest, as a bit mask',
  },
  {
    query: 'ecc.errors.corrected.volatile.total',
    metric: 'DCGM_FI_DEV_ECC_SBE_VOL_TOTAL',
    help: 'Memory errors corrected since the driver was loaded',
  },
  {
    query: 'ecc.errors.uncorrected.volatile.total',
    metric: 'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL',
    help: 'Memory errors not corrected since the driver was loaded',
  },
  {
    query: 'ecc.errors.corrected.aggregate.total',
    metric: 'DCGM_FI_DEV_ECC_SBE_AGG_TOTAL',
    help: 'Memory errors corrected in the life of the card',
  },
  {
    query: 'ecc.errors.uncorrected.aggregate.total',
    metric: 'DCGM_FI_DEV_ECC_DBE_AGG_TOTAL',
    help: 'Memory errors not corrected in the life of the card',
  },
] as const;

export type GpuField = (typeof gpuFields)[number];
export type GpuMetric = GpuField['metric'];

/** Which GPU a line is of. The name comes last, for it is free text and may hold the comma that separates cells. */
const identity = { first: ['index', 'uuid', 'pci.bus_id'], last: 'name' } as const;
export const IDENTITY_CELLS = identity.first.length;

/** The argument of `--query-gpu` for these fields. */
export const gpuQuery = (fields: readonly GpuField[]): string =>
  [...identity.first, ...fields.map(({ query }) => query), identity.last].join(',');

/** The field that this driver does not know, as it says so: `Field "…" is not a valid field to query.` */
export const refusedField = (line: string): string | undefined =>
  /^Field "([^"]+)" is not a valid field to query/.exec(line.trim())?.[1];
