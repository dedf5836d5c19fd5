import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { bcp195, defaultTransferSyntaxes, storageSopClasses } from '../dimse/index.ts';
import type { Listed } from '../local-api/access.ts';
import type { KserveDeps, KserveProgram } from '../local-api/kserve/deps.ts';
import type { StowDeps, StowSource } from '../local-api/stow-routes.ts';
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
    sources: stow.sources.map(
      (source): StowSource => ({
        ...listedOf(source),
        requestsMax: source.requests ?? stow.limits.per_source,
      }),
    ),
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

/** What inference for other programs needs of the configuration; undefined where it is not enabled. */
export function kserveSettingsOf({
  local_api: { inference },
  dicom,
}: AgentConfig): Pick<KserveDeps, 'programs' | 'limits'> | undefined {
  if (!inference.enabled) return undefined;
  const { idle_ms, bytesPerSecondMin, progressWindow_ms } = limitsOf(dicom);
  const { limits } = inference;
  return {
    programs: inference.programs.map(
      (program): KserveProgram => ({
        ...listedOf(program),
        ...(program.without_proof && { unproved: true }),
        ...(program.releases !== undefined && { releases: program.releases }),
        priorities: program.priorities,
        requestsMax: program.requests ?? limits.per_program,
      }),
    ),
    limits: {
      ...{ idle_ms, bytesPerSecondMin, progressWindow_ms },
      requestsMax: limits.requests,
      requestBytesMax: limits.request_bytes,
      jsonBytesMax: limits.json_bytes,
      bytesMax: limits.bytes,
      answer_ms: Math.ceil(limits.answer_s * 1000),
    },
  };
}

/** Who may use a route; its token is read at each request. */
const listedOf = ({
  name,
  address,
  token_file: file,
  certificate_name: certificateName,
}: {
  readonly name: string;
  readonly address: string;
  readonly token_file?: string;
  readonly certificate_name?: string;
}): Listed => ({
  ...{ name, address },
  ...(file !== undefined && { token: () => readSecret(file) }),
  ...(certificateName !== undefined && { certificateName }),
});

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
