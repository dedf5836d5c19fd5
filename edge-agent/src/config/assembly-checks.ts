import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';

/** Rules of which the second would never be looked at. */
export function assemblyProblems({ assembly }: Partial<AgentConfig>): Problem[] {
  const sources = (assembly?.rules ?? []).map(({ source }) => source);
  return sources.flatMap((source, i) =>
    sources.indexOf(source) === i
      ? []
      : [{ path: `assembly.rules[${i}].source`, what: `${source} has a rule already` }],
  );
}
