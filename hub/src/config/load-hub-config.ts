import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseYamlFile } from '@collimator/shared/config/load-config';
import { overrideFromEnvironment } from '@collimator/shared/config/environment';
import { type HubConfig, hubConfig } from '@collimator/shared/contracts/hub-config';
import { formatProblems, type Problem } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';

export const envPrefix = 'COLLIMATOR_HUB';

/**
 * Reads hub.yaml with its overrides from the environment. Relative paths are relative to the file, wherever the
 * program is started. Throws `config-unreadable`, or `config-invalid` naming every problem of the file, of the files
 * it points at and of their rights at once.
 */
export function loadHubConfig(file: string, env: NodeJS.ProcessEnv): HubConfig {
  const checked = hubConfig.check(overrideFromEnvironment(parseYamlFile(file), env, envPrefix));
  if (!checked.ok) throw new CodedError('config-invalid', `${file}: ${formatProblems(checked.error)}`);
  const config = resolvePaths(checked.value, dirname(resolve(file)));
  const problems = [...consistency(config), ...filesOf(config).flatMap(fileProblem)];
  if (problems.length > 0) throw new CodedError('config-invalid', `${file}: ${formatProblems(problems)}`);
  return config;
}

/** What the schema of one key cannot say. */
export function consistency(config: HubConfig): readonly Problem[] {
  const problems: Problem[] = [];
  const { authority, training } = config;
  if (authority.renew_after_days >= authority.device_certificate_days) {
    problems.push({ path: 'authority.renew_after_days', what: 'must be less than device_certificate_days' });
  }
  for (const [i, launcher] of training.launchers.entries()) {
    if (training.launchers.findIndex((other) => other.name === launcher.name) !== i) {
      problems.push({ path: `training.launchers[${i}].name`, what: `${launcher.name} is there twice` });
    }
  }
  return problems;
}

type ConfigFile = { readonly path: string; readonly file: string; readonly secret: boolean; readonly folder?: boolean };

const filesOf = (config: HubConfig): readonly ConfigFile[] => [
  { path: 'http.tls.certificate', file: config.http.tls.certificate, secret: false },
  { path: 'http.tls.key', file: config.http.tls.key, secret: true },
  { path: 'authority.root', file: config.authority.root, secret: false },
  { path: 'authority.certificate', file: config.authority.certificate, secret: false },
  { path: 'authority.key', file: config.authority.key, secret: true },
  { path: 'trust.snapshot_key', file: config.trust.snapshot_key, secret: true },
  { path: 'trust.timestamp_key', file: config.trust.timestamp_key, secret: true },
  { path: 'trust.director_key', file: config.trust.director_key, secret: true },
  { path: 'operators.token_file', file: config.operators.token_file, secret: true },
  ...config.datasets.map((file, i) => ({ path: `datasets[${i}]`, file, secret: false, folder: true })),
];

const othersMask = 0o077;

function fileProblem({ path, file, secret, folder }: ConfigFile): readonly Problem[] {
  try {
    const stat = statSync(file);
    if (folder === true ? !stat.isDirectory() : !stat.isFile()) {
      return [{ path, what: `${file} is not a ${folder === true ? 'folder' : 'file'}` }];
    }
    accessSync(file, constants.R_OK);
    if (secret && (stat.mode & othersMask) !== 0)
      return [{ path, what: `${file} is a secret that others can read (chmod 600)` }];
    return [];
  } catch (error) {
    return [{ path, what: `${file} cannot be read (${(error as NodeJS.ErrnoException).code})` }];
  }
}

function resolvePaths(config: HubConfig, folder: string): HubConfig {
  const at = (path: string) => resolve(folder, path);
  const { http, authority, trust, operators } = config;
  return {
    ...config,
    data: at(config.data),
    http: { ...http, tls: { certificate: at(http.tls.certificate), key: at(http.tls.key) } },
    authority: {
      ...authority,
      root: at(authority.root),
      certificate: at(authority.certificate),
      key: at(authority.key),
    },
    trust: {
      repository: at(trust.repository),
      snapshot_key: at(trust.snapshot_key),
      timestamp_key: at(trust.timestamp_key),
      director_key: at(trust.director_key),
    },
    operators: { token_file: at(operators.token_file) },
    datasets: config.datasets.map(at),
  };
}
