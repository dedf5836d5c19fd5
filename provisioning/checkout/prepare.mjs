// Brings a checkout to where its commands run: npm packages, the build and, with --peers, the Debian packages that the
// tests meet. What is there and unchanged is left alone. Plain JavaScript, because it runs before anything is built.
import { installPeers } from './peers.mjs';
import { build } from './build.mjs';
import { installPackages } from './packages.mjs';

process.chdir(new URL('../..', import.meta.url).pathname);

const nodeMin = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1])) {
  fail(`Node ${process.versions.node} is too old: Collimator needs Node ${nodeMin.join('.')} or later.`);
}

// Peers first: a missing package is told at once, not after minutes of installing.
if (process.argv.includes('--peers')) step(installPeers());
step(installPackages());
step(build());

function step(problem) {
  if (problem !== undefined) fail(problem);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
