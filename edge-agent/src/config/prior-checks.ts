import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Priors } from '@collimator/shared/contracts/agent-config/priors';
import type { Problem } from '@collimator/shared/contracts/validate';
import { TIMER_S_MAX } from './timer-bound.ts';

/** What the schema of priors cannot say: above all, that what the PACS sends must get in. */
export function priorProblems({ priors, dicom }: Partial<AgentConfig>): Problem[] {
  if (priors === undefined) return [];
  const { source, timeouts, retry } = priors;
  const problems: Problem[] = [];
  if (source.port === 0) problems.push({ path: 'priors.source.port', what: 'is no port that can be called' });
  const times: readonly (readonly [string, number])[] = [
    ['priors.timeouts.connect_s', timeouts.connect_s],
    ['priors.timeouts.response_s', timeouts.response_s],
    ['priors.timeouts.move_idle_s', timeouts.move_idle_s],
    ['priors.retry.most_s', retry.most_s],
  ];
  for (const [path, seconds] of times)
    if (seconds > TIMER_S_MAX) problems.push({ path, what: `is more than ${TIMER_S_MAX} s` });
  if (retry.first_s > retry.most_s)
    problems.push({ path: 'priors.retry.first_s', what: 'is more than priors.retry.most_s' });
  if (dicom !== undefined) problems.push(...sender(priors, dicom));
  return problems;
}

function sender({ source }: Priors, dicom: AgentConfig['dicom']): Problem[] {
  const title = source.sends_as ?? source.ae_title;
  const path = source.sends_as === undefined ? 'priors.source.ae_title' : 'priors.source.sends_as';
  const rows = dicom.sources.filter(({ ae_title: one }) => one === title || one === '*');
  if (rows.length === 0) return [{ path, what: `${title} may not send to us; list it under dicom.sources` }];
  if (rows.some(({ called }) => called.includes(dicom.ae_title))) return [];
  return [{ path, what: `${title} may not call ${dicom.ae_title}; add it to \`called\` under dicom.sources` }];
}

/** Files that the section names, with where they are named; '' where one of a pair is missing. */
export function priorFiles({ source: { tls, user } }: Priors): (readonly [string, string | undefined])[] {
  const isHalf = (tls?.certificate === undefined) !== (tls?.key === undefined);
  const one = (file: string | undefined): string | undefined => (isHalf ? (file ?? '') : file);
  return [
    ['priors.source.tls.ca', tls?.ca],
    ['priors.source.tls.certificate', one(tls?.certificate)],
    ['priors.source.tls.key', one(tls?.key)],
    ['priors.source.user.passcode_file', user?.passcode_file],
  ];
}
