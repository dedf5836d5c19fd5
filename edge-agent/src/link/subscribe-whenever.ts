import type { MessageListener, MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { codeOf } from '../observe/code-of.ts';

/** Subscribes now or, when the link is lost meanwhile, with the next connection: the client keeps the filter. */
export async function subscribeWhenever(mqtt: MqttPort, filter: string, on: MessageListener, log: Log): Promise<void> {
  try {
    await mqtt.subscribe(filter, on);
  } catch (error) {
    log.event('link-publish-failed', { kind: 'subscribe', code: codeOf(error) });
  }
}
