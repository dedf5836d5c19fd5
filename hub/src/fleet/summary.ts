import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { DeviceSummary } from '@collimator/shared/contracts/http-api';
import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import { deviceStatus } from './device-status.ts';
import type { Device } from './devices.ts';

/** A device as the HTTP interface shows it. */
export function deviceSummary(
  device: Device,
  known: { readonly assigned: readonly ReleaseRef[]; readonly lastEvent: DeviceEvent | undefined },
  now: Date,
): DeviceSummary {
  const reported = device.state?.releases ?? [];
  const { assigned, lastEvent } = known;
  const facts = {
    retired: device.retiredAt !== null,
    online: device.online,
    seenAtMs: device.seenAt === null ? null : Date.parse(device.seenAt),
    assigned,
    reported,
  };
  return {
    id: device.id,
    status: deviceStatus(facts, now.getTime()),
    online: device.online,
    seen_at: device.seenAt,
    active: reported.flatMap((release) => (release.active === null ? [] : [release.active])),
    assigned: [...assigned],
    jobs: { ...device.telemetry?.jobs },
    latencies_ms: { ...device.telemetry?.latencies_ms },
    last_event: lastEvent === undefined ? null : brief(lastEvent),
  };
}

const brief = ({ phase, at, code, detail }: DeviceEvent): DeviceSummary['last_event'] => ({
  phase,
  at,
  ...(code !== undefined && { code }),
  ...(detail !== undefined && { detail }),
});
