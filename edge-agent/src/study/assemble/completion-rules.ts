import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';

/** The last release of an association that brought images of an open study; from a source that has a rule. */
export type SourceRelease = {
  readonly source: string;
  /** Last image that was there. */
  readonly through: number;
};

/**
 * Whether a study is whole because its sender said goodbye: its source has a rule, nothing came after the release, and
 * what the rule expects is there. False decides nothing: the quiet time goes on.
 *
 * @param lastInstanceId last image of the study
 * @param release undefined while an association that brought images of the study is open
 */
export function completeByRule(
  lastInstanceId: number,
  release: SourceRelease | undefined,
  rules: readonly CompletionRule[],
): boolean {
  if (release === undefined || release.through < lastInstanceId) return false;
  return rules.some(({ source }) => source === release.source);
}
