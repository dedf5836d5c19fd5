import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const stamp = 'node_modules/.collimator-installed';

/**
 * Installs what the lock file pins, unless the same Node has done so already. Returns what went wrong, if anything.
 * Not `npm ci`: it refuses a lock file without the binaries of every other platform, which not every registry carries.
 */
export function installPackages() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  process.stderr.write('Installing npm packages …\n');
  const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, ...buildEnvironment() },
  });
  if (npm.status !== 0) return 'npm install failed: see its message above.';
  const native = spawnSync(process.execPath, ['-e', "new (require('better-sqlite3'))(':memory:').close()"]);
  if (native.status !== 0) {
    return `better-sqlite3 does not load after npm install; a C++ compiler, make and Python are needed.\n${native.stderr.toString()}`;
  }
  writeFileSync(stamp, wanted);
  return undefined;
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  hash.update(readFileSync('package-lock.json')).update(readFileSync('package.json'));
  return `${hash.digest('hex')}\n`;
}

/**
 * better-sqlite3 is compiled against Node's headers. Where they came with Node (Debian's and NodeSource's packages put
 * them under the same prefix) node-gyp is pointed there, because it would download them otherwise.
 * onnxruntime-node carries its CPU runtime; its CUDA download is only for `npm run gpu:install`.
 */
function buildEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const environment = { ONNXRUNTIME_NODE_INSTALL: process.env.ONNXRUNTIME_NODE_INSTALL ?? 'skip' };
  if (process.env.npm_config_nodedir === undefined && existsSync(join(prefix, 'include', 'node', 'node.h'))) {
    environment.npm_config_nodedir = prefix;
  }
  return environment;
}
