import { overrideFromEnvironment } from '@collimator/shared/config/environment';
import { parseYamlFile } from '@collimator/shared/config/load-config';
import { AgentConfig, agentConfig } from '@collimator/shared/contracts/agent-config';
import { formatProblems, validator } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { crossChecks, type Machine, type Sections } from './cross-checks.ts';
import { thisMachine } from './machine.ts';

/** `COLLIMATOR_AGENT__DICOM__AE_TITLE=NODE1` sets `dicom.ae_title`. */
export const envPrefix = 'COLLIMATOR_AGENT';

/**
 * The configuration of one appliance: file, environment, schema, then what a schema cannot say.
 * Throws `config-unreadable`, or `config-invalid` naming every problem of both kinds at once.
 */
export function loadAgentConfig(file: string, env: NodeJS.ProcessEnv, machine: Machine = thisMachine): AgentConfig {
  const value = overrideFromEnvironment(parseYamlFile(file), env, envPrefix);
  const checked = agentConfig.check(value);
  const sections = checked.ok ? checked.value : validSections(value);
  const problems = [...(checked.ok ? [] : checked.error), ...crossChecks(sections, machine)];
  if (checked.ok && problems.length === 0) return checked.value;
  throw new CodedError('config-invalid', `${file}: ${formatProblems(problems)}`);
}

/** The top-level sections that fit their own schema, so that one bad value hides no problem elsewhere. */
function validSections(value: unknown): Sections {
  if (typeof value !== 'object' || value === null) return {};
  const sections: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(AgentConfig.properties)) {
    const raw = (value as Record<string, unknown>)[name];
    if (raw === undefined) continue;
    const checked = validator(schema).check(raw);
    if (checked.ok) sections[name] = checked.value;
  }
  return sections;
}
