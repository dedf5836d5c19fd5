import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TLSSocket } from 'node:tls';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { Agent, buildConnector, fetch, type RequestInit, type Response } from 'undici';

type LocalApi = Pick<AgentConfig['local_api'], 'host' | 'port' | 'tls'>;

export type Reach = { readonly url: string; fetch(init: RequestInit): Promise<Response> };

/** Where listening on every address can be called from this machine. */
const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The agent of this machine. Over https it must show the very certificate of the configuration, whoever issued that. */
export function reachAgent({ host, port, tls }: LocalApi, path: string): Reach {
  const name = everywhere[host] ?? host;
  const url = `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}${path}`;
  return {
    url,
    fetch: (init) => fetch(url, { ...init, ...(tls !== undefined && { dispatcher: pinned(tls.certificate) }) }),
  };
}

function pinned(file: string): Agent {
  const expected = new X509Certificate(readFileSync(file)).fingerprint256;
  const connect = buildConnector({ rejectUnauthorized: false });
  return new Agent({
    connect: (options, callback) =>
      connect(options, (error, socket) => {
        if (error !== null) return callback(error, null);
        if (socket instanceof TLSSocket && socket.getPeerCertificate().fingerprint256 === expected)
          return callback(null, socket);
        socket.destroy();
        callback(Object.assign(new Error('another certificate is shown'), { code: 'OTHER_CERTIFICATE' }), null);
      }),
  });
}
