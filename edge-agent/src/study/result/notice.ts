import type { Release } from '@collimator/shared/contracts/release';
import type { ResultContext } from './result-context.ts';

export const RESEARCH_NOTICE = 'Research use only. Not for diagnosis.';

/** The title of a result; the notice stands first, so that a display that cuts the end keeps it. */
export const resultTitle = (release: Release): string =>
  release.research_use_only ? `RESEARCH USE ONLY: ${release.title}` : release.title;

type Identity = Pick<ResultContext, 'release' | 'releaseSha256' | 'remote'>;

/** Models of other servers that are told of by name; a result that more took part in says how many. */
const REMOTE_LINES_MAX = 8;

/** Whether every model that computed a result is known to be that of the release. */
export const isAttested = ({ remote = [] }: Pick<ResultContext, 'remote'>): boolean =>
  remote.every(({ attested }) => attested);

/** What computed a result, as an algorithm's name and version. */
export function algorithmOf({ release, remote = [] }: Identity): { readonly name: string; readonly version: string } {
  const unknown = remote.find(({ attested }) => !attested);
  if (unknown === undefined) return { name: release.name, version: release.version };
  return { name: unknown.model, version: `${unknown.version ?? ''} not attested`.trim() };
}

/**
 * Name, version and digests of the model, one line each; where a server elsewhere computed, which one. Where its model
 * could not be attested, that stands in their place: nobody knows its digest.
 */
export function modelLines(identity: Identity): readonly string[] {
  const { release, releaseSha256, remote = [] } = identity;
  const told = remote.slice(0, REMOTE_LINES_MAX).map(({ protocol, server, model, version, attested }) => {
    const which = `${model}${version === undefined ? '' : ` ${version}`} at ${server} (${protocol})`;
    return `Remote model: ${which}${attested ? '' : ', not attested'}`;
  });
  const more = remote.length > told.length ? [`Remote models besides: ${remote.length - told.length}`] : [];
  if (!isAttested(identity))
    return [`The remote model could not be attested to be ${release.name} ${release.version}`, ...told, ...more];
  const models = [...new Set(release.stages.map((stage) => stage.model))];
  return [
    `Release: ${release.name} ${release.version}`,
    `Release SHA-256: ${releaseSha256}`,
    ...models.map((model) => `${model} SHA-256: ${release.files[model]?.sha256 ?? 'not listed in the release'}`),
    ...told,
    ...more,
  ];
}
