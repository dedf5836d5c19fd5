/** From a time on, a device runs at this multiple of its speed; 0 is down. */
export type SpeedChange = { readonly from_ms: number; readonly factor: number };

export type SimDevice = { readonly name: string; readonly speed: number; readonly changes: readonly SpeedChange[] };

/** In front of each other in time; 1 before the first. */
export function factorAt({ changes }: SimDevice, now_ms: number): number {
  let factor = 1;
  for (const change of changes) if (change.from_ms <= now_ms) factor = change.factor;
  return factor;
}

/** When work, in milliseconds at speed 1, is done that starts now. Infinite when the device stops for good before. */
export function doneAt_ms(device: SimDevice, now_ms: number, work_ms: number): number {
  let [at_ms, left_ms, factor] = [now_ms, work_ms, factorAt(device, now_ms)];
  for (const change of device.changes.filter(({ from_ms }) => from_ms > now_ms)) {
    const done_ms = (change.from_ms - at_ms) * device.speed * factor;
    if (done_ms >= left_ms) break;
    left_ms -= done_ms;
    [at_ms, factor] = [change.from_ms, change.factor];
  }
  return factor === 0 ? Number.POSITIVE_INFINITY : at_ms + left_ms / (device.speed * factor);
}

/** One device that is at every time as fast as all of them together. */
export function summed(devices: readonly SimDevice[]): SimDevice {
  const speed = devices.reduce((sum, device) => sum + device.speed, 0);
  const times_ms = [...new Set(devices.flatMap(({ changes }) => changes.map(({ from_ms }) => from_ms)))];
  const changes = times_ms
    .toSorted((a, b) => a - b)
    .map((from_ms) => ({
      from_ms,
      factor: devices.reduce((sum, device) => sum + device.speed * factorAt(device, from_ms), 0) / speed,
    }));
  return { name: 'all together', speed, changes };
}
