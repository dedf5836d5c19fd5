import { type Column, print, printOne } from '@collimator/shared/cli/output';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { DeviceSummary } from '@collimator/shared/contracts/http-api';
import { Command } from 'commander';
import { type CommonOptions, hubOptions, onHub } from './options.ts';

const names = (releases: readonly ReleaseRef[]): string =>
  releases.map((r) => `${r.name}@${r.version}`).join(', ') || '-';

const columns: readonly Column<DeviceSummary>[] = [
  { title: 'DEVICE', value: (d) => d.id },
  { title: 'STATUS', value: (d) => d.status },
  { title: 'ACTIVE', value: (d) => names(d.active) },
  { title: 'ASSIGNED', value: (d) => names(d.assigned) },
  {
    title: 'LAST EVENT',
    value: (d) => d.last_event && [d.last_event.phase, d.last_event.code].filter(Boolean).join(' '),
  },
  { title: 'QUEUED', value: (d) => d.jobs['queued'] ?? 0 },
  { title: 'SEEN', value: (d) => d.seen_at },
];

/** `collimator hub devices …` */
export function devicesCommand(): Command {
  const devices = new Command('devices').description('the appliances of the fleet');
  hubOptions(devices.command('list').description('all devices')).action((options: CommonOptions) =>
    onHub(options, async (hub) => print(await hub.listDevices(), columns, options.output)),
  );
  hubOptions(devices.command('show').description('one device').argument('<id>')).action(
    (id: string, options: CommonOptions) =>
      onHub(options, async (hub) => printOne(await hub.showDevice(id), options.output)),
  );
  hubOptions(
    devices.command('retire').description('end the identity of a device and its live session').argument('<id>'),
  ).action((id: string, options: CommonOptions) =>
    onHub(options, async (hub) => printOne(await hub.retireDevice(id), options.output)),
  );
  return devices;
}
