import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { StowDestination } from '@collimator/shared/contracts/agent-config';
import { Agent, type Dispatcher } from 'undici';

/** One connection: objects go one request after the other, in the order they were made. */
const CONNECTIONS_MAX = 1;

/** Connections to a STOW-RS destination, with the certificates as they are on the disk now. */
export function openConnections({ tls, timeouts }: StowDestination): Dispatcher {
  return new Agent({
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    headersTimeout: timeouts.response_s * 1000,
    bodyTimeout: timeouts.response_s * 1000,
    connect: {
      timeout: timeouts.connect_s * 1000,
      minVersion: 'TLSv1.2',
      ...(tls !== undefined && { ca: readFileSync(tls.ca) }),
      ...(tls?.certificate !== undefined && { cert: readFileSync(tls.certificate) }),
      ...(tls?.key !== undefined && { key: readFileSync(tls.key) }),
    },
  });
}

/** Bearer token (RFC 6750) or basic credentials (RFC 7617) from their file; undefined where none are given. */
export async function authorizationOf({ token_file, basic }: StowDestination): Promise<string | undefined> {
  if (token_file !== undefined) return `Bearer ${await secretIn(token_file)}`;
  if (basic === undefined) return undefined;
  const password = await secretIn(basic.password_file);
  return `Basic ${Buffer.from(`${basic.name}:${password}`).toString('base64')}`;
}

const secretIn = async (file: string): Promise<string> => (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
