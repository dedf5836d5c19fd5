import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';
import type { Problem } from '@collimator/shared/contracts/validate';
import { effectOf } from '../study/assemble/reject/rejection.ts';
import { TIMER_S_MAX } from './timer-bound.ts';

/** What the schema of completion rules cannot say; and rules of which the second would never be looked at. */
export function assemblyProblems({ assembly }: Partial<AgentConfig>): Problem[] {
  const rules = assembly?.rules ?? [];
  return rules.flatMap((rule, i) =>
    [
      ...(rules.findIndex(({ source }) => source === rule.source) === i
        ? []
        : [{ path: 'source', what: `${rule.source} has a rule already` }]),
      ...expectation(rule),
    ].map(({ path, what }) => ({ path: `assembly.rules[${i}].${path}`, what })),
  );
}

function expectation({ expect, at, titles }: CompletionRule): Problem[] {
  const problems: Problem[] = [];
  if (expect === 'c-find' && at === undefined)
    problems.push({ path: 'at', what: 'is missing; say who is to be asked' });
  if (expect !== 'c-find' && at !== undefined) problems.push({ path: 'at', what: 'is for expect: c-find' });
  for (const [i, title] of titles.entries())
    if (effectOf(title).do !== 'nothing')
      problems.push({ path: `titles[${i}]`, what: `${title} is the title of rejection notes` });
  if (at === undefined) return problems;
  const { retry, timeouts } = at;
  if (at.port === 0) problems.push({ path: 'at.port', what: 'is no port that can be called' });
  const times: readonly (readonly [string, number])[] = [
    ['at.retry.most_s', retry.most_s],
    ['at.timeouts.connect_s', timeouts.connect_s],
    ['at.timeouts.response_s', timeouts.response_s],
  ];
  for (const [path, seconds] of times)
    if (seconds > TIMER_S_MAX) problems.push({ path, what: `is more than ${TIMER_S_MAX} s` });
  if (retry.first_s > retry.most_s) problems.push({ path: 'at.retry.first_s', what: 'is more than at.retry.most_s' });
  return problems;
}

/** Files that completion rules name, with where they are named; '' where one of a pair is missing. */
export const assemblyFiles = (rules: readonly CompletionRule[]): (readonly [string, string | undefined])[] =>
  rules.flatMap(({ at }, i) => {
    const { tls } = at ?? {};
    const path = `assembly.rules[${i}].at`;
    const half = (tls?.certificate === undefined) === (tls?.key === undefined) ? undefined : tls;
    return [
      [`${path}.tls.ca`, tls?.ca],
      [`${path}.tls.certificate`, half !== undefined ? (half.certificate ?? '') : tls?.certificate],
      [`${path}.tls.key`, half !== undefined ? (half.key ?? '') : tls?.key],
      [`${path}.user.passcode_file`, at?.user?.passcode_file],
    ] as const;
  });
