import { statSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Log } from '@collimator/shared/observe/log';
import { bcp195, type StoreScp } from '../dimse/index.ts';
import { codeOf } from '../observe/code-of.ts';
import type { Every } from '../timers.ts';
import { tlsOf } from './dicom-settings.ts';
import { localApiTlsOf } from './local-api-settings.ts';

/** How often the files are looked at: a renewed certificate is shown at the latest after this. */
export const TLS_LOOK_MS = 10_000;

export type TlsReloadDeps = {
  readonly listen: AgentConfig['dicom']['listen'];
  readonly scp: Pick<StoreScp, 'setTls'>;
  readonly every: Every;
  readonly log: Log;
};

/**
 * Shows renewed certificates of the DICOM node to whoever connects from then on; see `followTls`.
 *
 * @returns stops looking
 */
export function reloadTls({ listen, scp, every, log }: TlsReloadDeps): () => void {
  const stops = listen.flatMap(({ tls, port }, index) =>
    tls === undefined
      ? []
      : [
          followTls(tls, every, {
            read: () => tlsOf(tls),
            show: (options) => scp.setTls(index, options),
            onShown: () => log.event('dicom-tls-reloaded', { port }),
            onFailed: (error) => log.event('dicom-tls-not-reloaded', { port, code: codeOf(error) }),
          }),
        ],
  );
  return () => {
    for (const stop of stops) stop();
  };
}

export type LocalApiTlsReloadDeps = {
  readonly localApi: AgentConfig['local_api'];
  readonly setTls: (tls: SecureContextOptions) => void;
  readonly every: Every;
  readonly log: Log;
};

/** The same for the local API. */
export function reloadLocalApiTls({ localApi, setTls, every, log }: LocalApiTlsReloadDeps): () => void {
  const { tls, port } = localApi;
  if (tls === undefined) return () => undefined;
  return followTls(tls, every, {
    read: () => localApiTlsOf(tls),
    show: setTls,
    onShown: () => log.event('local-api-tls-reloaded', { port }),
    onFailed: (error) => log.event('local-api-tls-not-reloaded', { port, code: codeOf(error) }),
  });
}

type TlsFiles = { readonly certificate: string; readonly key: string; readonly client_ca?: string };

/**
 * Looks at the files of a listener every so often and shows what they hold when they have changed. Files that do not
 * belong together, as they do not for a moment while somebody copies them, leave the old ones in place and are tried
 * again when they change.
 */
function followTls<O extends SecureContextOptions>(
  files: TlsFiles,
  every: Every,
  on: {
    readonly read: () => O;
    readonly show: (options: O) => void;
    readonly onShown: () => void;
    readonly onFailed: (error: unknown) => void;
  },
): () => void {
  let seen = stampOf(files);
  return every(TLS_LOOK_MS, () => {
    const stamp = stampOf(files);
    if (stamp === seen) return;
    seen = stamp;
    try {
      const options = on.read();
      createSecureContext({ ...bcp195, ...options });
      on.show(options);
      on.onShown();
    } catch (error) {
      on.onFailed(error);
    }
  });
}

/** Changes when one of the files does; a file that cannot be seen is a change too. */
function stampOf(tls: TlsFiles): string {
  const files = [tls.certificate, tls.key, ...(tls.client_ca === undefined ? [] : [tls.client_ca])];
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? 'none' : `${found.mtimeMs}/${found.size}/${found.ino}`;
    })
    .join(' ');
}
