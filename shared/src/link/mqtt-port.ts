/** What a part of the hub or of the appliance needs of an MQTT connection; `mqtt-client.ts` is the real one. */
export interface MqttPort {
  readonly connected: boolean;
  /**
   * Resolves when the broker has it (QoS 1) or when it left this process (QoS 0).
   * Rejects with `link-down` when there is no connection: the caller decides whether it matters.
   */
  publish(topic: string, payload: Buffer | string, options?: PublishOptions): Promise<void>;
  /** Kept over reconnects. The listener sees every message whose topic fits the filter. */
  subscribe(filter: string, listener: MessageListener): Promise<void>;
  /** Called at once when connected, and after each reconnect. Returns the way to stop listening. */
  onConnected(listener: () => void): () => void;
}

export type PublishOptions = { readonly qos?: 0 | 1; readonly retain?: boolean };
export type MessageListener = (topic: string, payload: Buffer) => void;
