import { statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Log } from '@collimator/shared/observe/log';
import { bcp195, type StoreScp } from '../dimse/index.ts';
import { codeOf } from '../observe/code-of.ts';
import type { Every } from '../timers.ts';
import { tlsOf } from './dicom-settings.ts';

/** How often the files are looked at: a renewed certificate is shown at the latest after this. */
export const TLS_LOOK_MS = 10_000;

export type TlsReloadDeps = {
  readonly listen: AgentConfig['dicom']['listen'];
  readonly scp: Pick<StoreScp, 'setTls'>;
  readonly every: Every;
  readonly log: Log;
};

/**
 * Shows renewed certificates to whoever connects from then on. Files that do not belong together, as they do not for
 * a moment while somebody copies them, leave the old ones in place and are tried again when they change.
 *
 * @returns stops looking
 */
export function reloadTls({ listen, scp, every, log }: TlsReloadDeps): () => void {
  const seen = listen.map(({ tls }) => stampOf(tls));
  return every(TLS_LOOK_MS, () => {
    for (const [index, listener] of listen.entries()) {
      const stamp = stampOf(listener.tls);
      if (listener.tls === undefined || stamp === seen[index]) continue;
      seen[index] = stamp;
      try {
        const options = tlsOf(listener.tls);
        createSecureContext({ ...bcp195, ...options });
        scp.setTls(index, options);
        log.event('dicom-tls-reloaded', { port: listener.port });
      } catch (error) {
        log.event('dicom-tls-not-reloaded', { port: listener.port, code: codeOf(error) });
      }
    }
  });
}

/** Changes when one of the files does; a file that cannot be seen is a change too. */
function stampOf(tls: AgentConfig['dicom']['listen'][number]['tls']): string {
  if (tls === undefined) return '';
  const files = [tls.certificate, tls.key, ...(tls.client_ca === undefined ? [] : [tls.client_ca])];
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? 'none' : `${found.mtimeMs}/${found.size}/${found.ino}`;
    })
    .join(' ');
}
