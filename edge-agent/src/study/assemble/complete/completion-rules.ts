import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';

/** The last release of an association that brought images of an open study, from a source that has a rule. */
export type SourceRelease = {
  /** Calling AE title. */
  readonly source: string;
  /** Last image that was there. */
  readonly through: number;
  /** Instances that the source says the study has; null while it has said nothing. */
  readonly expected: number | null;
  /** Instances of the study that are here, those included that are never assembled: a source counts them too. */
  readonly held: number;
  /** Instances that the newest key object of the study lists, and how many of them are not here. */
  readonly listed: number;
  readonly missing: number;
};

/** `waits`: the quiet time decides, unless the source says more. */
export type ReleaseVerdict = 'suffices' | 'waits';

/**
 * Decides whether a study is complete because its sender is done: when the sender's rule expects nothing more, or when
 * everything that the source counts or a key object lists is here. What was not said never completes a study early.
 *
 * @param lastInstanceId last image of the study
 */
export function judgeRelease(
  lastInstanceId: number,
  release: SourceRelease,
  rules: readonly CompletionRule[],
): ReleaseVerdict {
  const rule = rules.find(({ source }) => source === release.source);
  if (rule === undefined || release.through < lastInstanceId) return 'waits';
  switch (rule.expect) {
    case 'none':
      return 'suffices';
    case 'c-find':
      return release.expected !== null && release.expected <= release.held ? 'suffices' : 'waits';
    case 'key-object':
      return release.listed > 0 && release.missing === 0 ? 'suffices' : 'waits';
  }
}

/** Whether a key object of a source lists, by its title, all of what the source sends of the study. */
export const listsStudy = (source: string, title: string | undefined, rules: readonly CompletionRule[]): boolean =>
  rules.some(
    (rule) =>
      rule.source === source && rule.expect === 'key-object' && title !== undefined && rule.titles.includes(title),
  );
