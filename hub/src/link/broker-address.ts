import type { HubConfig } from '@collimator/shared/contracts/hub-config';

const everywhere = new Set(['0.0.0.0', '::']);

/** Where the hub itself connects: its own machine for the embedded broker. */
export function brokerUrlForHub(broker: HubConfig['broker'], port: number): string {
  if (broker.kind === 'external') return broker.url;
  const host = everywhere.has(broker.host) ? '127.0.0.1' : broker.host;
  return `mqtts://${bracketed(host)}:${port}`;
}

/**
 * Where an appliance connects: as configured, otherwise under the name by which it reached the hub to enrol.
 * @param reachedAs host name or address of the appliance's request
 */
export function brokerUrlForDevice(broker: HubConfig['broker'], port: number, reachedAs: string): string {
  if (broker.kind === 'external') return broker.url;
  return broker.public_url ?? `mqtts://${bracketed(reachedAs)}:${port}`;
}

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
