import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { bcp195, defaultTransferSyntaxes, storageSopClasses } from '../dimse/index.ts';
import type { StowSource } from '../local-api/stow-access.ts';
import type { StowDeps } from '../local-api/stow-routes.ts';
import { limitsOf } from './dicom-settings.ts';
import { readSecret } from './secret-file.ts';

type LocalApi = AgentConfig['local_api'];

/** Objects of one request that are made durable while the next ones arrive, as in an association. */
const COMMITS_MAX = 8;

/** What STOW-RS needs of the configuration; undefined where it is not enabled. */
export function stowSettingsOf({
  local_api: { stow },
  dicom,
}: AgentConfig):
  | Pick<StowDeps, 'sources' | 'calledAeTitle' | 'takesSopClass' | 'takesTransferSyntax' | 'limits'>
  | undefined {
  if (!stow.enabled) return undefined;
  const { idle_ms, bytesPerSecondMin, progressWindow_ms } = limitsOf(dicom);
  const sopClasses = new Set([...Object.keys(storageSopClasses), ...dicom.private_sop_classes]);
  const syntaxes = new Set(defaultTransferSyntaxes);
  return {
    sources: stow.sources.map((source): StowSource => {
      const { token_file: file, certificate_name: certificateName } = source;
      return {
        name: source.name,
        address: source.address,
        ...(file !== undefined && { token: () => readSecret(file) }),
        ...(certificateName !== undefined && { certificateName }),
        requestsMax: source.requests ?? stow.limits.per_source,
      };
    }),
    calledAeTitle: dicom.ae_title,
    takesSopClass: (uid) => sopClasses.has(uid),
    takesTransferSyntax: (uid) => syntaxes.has(uid),
    limits: {
      ...{ idle_ms, bytesPerSecondMin, progressWindow_ms },
      requestsMax: stow.limits.requests,
      bytesMax: stow.limits.request_bytes,
      partsMax: stow.limits.parts,
      headerBytesMax: stow.limits.part_header_bytes,
      commitsMax: COMMITS_MAX,
    },
  };
}

export type LocalApiTls = SecureContextOptions & { readonly requestCert: boolean; readonly rejectUnauthorized: false };

/**
 * Reads the files. A certificate is asked for where callers can have one, and nobody is turned away without: who needs
 * one is a matter of the route.
 */
export const localApiTlsOf = (tls: NonNullable<LocalApi['tls']>): LocalApiTls => ({
  ...bcp195,
  cert: readFileSync(tls.certificate),
  key: readFileSync(tls.key),
  ...(tls.client_ca !== undefined && { ca: readFileSync(tls.client_ca) }),
  requestCert: tls.client_ca !== undefined,
  rejectUnauthorized: false,
});
