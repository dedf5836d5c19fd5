import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { CodedError } from '../errors/coded-error.ts';
import type { MessageListener, MqttPort } from './mqtt-port.ts';
import { topicMatches } from './topic-filter.ts';

export type MqttOptions = {
  /** `mqtts://host:port`, or `mqtt://` in tests only. */
  readonly url: string;
  readonly clientId: string;
  /** PEM text, or a path to it. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly will?: { readonly topic: string; readonly payload: string };
  /** Told about each loss and return of the connection, with the reason. */
  readonly onChange?: (connected: boolean, reason?: string) => void;
  readonly reconnectMs?: number;
  readonly connectTimeoutMs?: number;
};

export interface MqttConnection extends MqttPort {
  close(): Promise<void>;
}

const reconnectMsDefault = 2_000;
const connectTimeoutMsDefault = 10_000;
const keepaliveS = 30;
/** Subscriptions and connection listeners a program may hold; more is a bug. */
const listenersMax = 64;

/**
 * A connection that keeps itself up, with a clean session: what must survive a loss of the link is kept by its owner
 * (the outbox, retained messages), never by this client. Returns at once; `connected` tells the state.
 */
export function connectMqtt(options: MqttOptions): MqttConnection {
  const client = mqtt.connect(options.url, {
    clientId: options.clientId,
    clean: true,
    keepalive: keepaliveS,
    reconnectPeriod: options.reconnectMs ?? reconnectMsDefault,
    connectTimeout: options.connectTimeoutMs ?? connectTimeoutMsDefault,
    queueQoSZero: false,
    resubscribe: false,
    ...(options.ca !== undefined && { ca: pem(options.ca) }),
    ...(options.certificate !== undefined && { cert: pem(options.certificate) }),
    ...(options.key !== undefined && { key: pem(options.key) }),
    ...(options.will !== undefined && {
      will: { ...options.will, payload: Buffer.from(options.will.payload), qos: 1 as const, retain: true },
    }),
  });
  const subscriptions = new Map<string, MessageListener[]>();
  const connectedListeners = new Set<() => void>();
  const publishing = new Set<() => void>();
  let lastError: string | undefined;

  client.on('error', (error) => {
    lastError = error.message;
  });
  client.on('connect', () => {
    lastError = undefined;
    options.onChange?.(true);
    const filters = [...subscriptions.keys()];
    const announce = () => connectedListeners.forEach((listener) => listener());
    if (filters.length === 0) return announce();
    const { stream } = client;
    client.subscribe(filters, { qos: 1 }, (error) => {
      if (!error) return announce();
      // Lost, or refused by the broker: half a link would look like a whole one. The next connection tries again.
      lastError = error.message;
      stream.destroy();
    });
  });
  client.on('close', () => {
    for (const lost of [...publishing]) lost();
    options.onChange?.(false, lastError);
  });
  client.on('message', (topic, payload) => {
    for (const [filter, listeners] of subscriptions) {
      if (topicMatches(filter, topic)) for (const listener of listeners) listener(topic, payload);
    }
  });

  return {
    get connected() {
      return client.connected;
    },
    publish(topic, payload, { qos = 0, retain = false } = {}) {
      if (!client.connected) return Promise.reject(new CodedError('link-down', lastError ?? options.url));
      return new Promise((resolve, reject) => {
        const lost = () => {
          publishing.delete(lost);
          reject(new CodedError('link-down', lastError ?? options.url));
        };
        publishing.add(lost);
        client.publish(topic, payload, { qos, retain }, (error) => {
          publishing.delete(lost);
          if (error) reject(new CodedError('link-down', error.message, { cause: error }));
          else resolve();
        });
      });
    },
    async subscribe(filter, listener) {
      const listeners = subscriptions.get(filter) ?? [];
      if (subscriptions.size >= listenersMax) throw new Error(`more than ${listenersMax} subscriptions`);
      subscriptions.set(filter, [...listeners, listener]);
      if (client.connected) await client.subscribeAsync(filter, { qos: 1 });
    },
    onConnected(listener) {
      if (connectedListeners.size >= listenersMax) throw new Error(`more than ${listenersMax} listeners`);
      connectedListeners.add(listener);
      if (client.connected) listener();
      return () => connectedListeners.delete(listener);
    },
    close: () => client.endAsync(!client.connected),
  };
}

const pem = (value: string): string => (value.includes('-----BEGIN') ? value : readFileSync(value, 'utf8'));
