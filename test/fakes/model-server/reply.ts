/** What a protocol answers to a request: a status with a body, and headers where they mean something. */
export type Reply = { readonly status: number; readonly headers?: Record<string, string>; readonly body: Buffer };

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
});

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
};
