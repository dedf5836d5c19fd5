/** What the keys of devices and of the inference on them are for. */
export const engineMeanings = {
  devices: '`auto` (every GPU, or half of the cores), or a list of devices; see engine.md',
  'devices[].name': 'Name in `agent status`, in the log and in metrics; its kind and place in the list when not given',
  'devices[].cpu.threads': 'Threads of a CPU device',
  'devices[].gpu': 'UUID as `nvidia-smi -L` prints it',
  'devices[].gpus.exclude': 'Every GPU that is there and not listed on its own, except these UUIDs',
  'devices[].providers': 'Execution providers that are tried, in this order',
  'devices[].workers': 'Inference processes that share it',
  'devices[].nice': 'Niceness of its processes, as of nice(1)',
  'devices[].memory_bytes_max':
    "Bytes of the device's memory for all its processes together; a new model is loaded beside the old one only where both fit",
  'devices[].resident_bytes_max':
    "Resident memory from which on a process that has grown is let go and a new one started, bytes; three quarters of the machine's memory divided by all processes when not given",
  'devices[].decode_threads':
    'Threads that decode and preprocess beside each inference process; when absent two, or one where there are two cores',
  'inference.watchdog.factor': 'A worker is stuck, and ended, after so many times what is expected of its task',
  'inference.watchdog.floor_s': 'It is never stuck before so many seconds',
  'inference.requests_max': 'Requests of other programs that wait or run; beyond that they are turned away',
} as const;
