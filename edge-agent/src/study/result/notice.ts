import type { Release } from '@collimator/shared/contracts/release';

export const RESEARCH_NOTICE = 'Research use only. Not for diagnosis.';

/** The title of a result; the notice stands first, so that a display that cuts the end keeps it. */
export const resultTitle = (release: Release): string =>
  release.research_use_only ? `RESEARCH USE ONLY: ${release.title}` : release.title;

/** Name, version and digests of the model, one line each. */
export function modelLines(release: Release, releaseSha256: string): readonly string[] {
  const models = [...new Set(release.stages.map((stage) => stage.model))];
  return [
    `Release: ${release.name} ${release.version}`,
    `Release SHA-256: ${releaseSha256}`,
    ...models.map((model) => `${model} SHA-256: ${release.files[model]?.sha256 ?? 'not listed in the release'}`),
  ];
}
