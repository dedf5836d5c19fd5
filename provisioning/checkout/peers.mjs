import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The real peers and validators that the tests meet: the Debian package, and a program or file that proves it. */
const peers = [
  { package: 'dcmtk', proof: 'storescu' },
  { package: 'orthanc', proof: 'Orthanc' },
  { package: 'orthanc-dicomweb', proof: '/usr/share/orthanc/plugins/libOrthancDicomWeb.so' },
  { package: 'mosquitto', proof: 'mosquitto' },
  { package: 'dicom3tools', proof: 'dciodvfy' },
  { package: 'pixelmed-apps', proof: '/usr/share/java/pixelmed.jar' },
  { package: 'default-jre-headless', proof: 'java' },
  { package: 'python3-pydicom', proof: '/usr/lib/python3/dist-packages/pydicom/__init__.py' },
  { package: 'python3-venv', proof: '/var/lib/dpkg/info/python3-venv.list' },
  { package: 'curl', proof: 'curl' },
  { package: 'prometheus', proof: 'promtool' },
  { package: 'libgdcm-tools', proof: 'gdcmconv' },
  { package: 'openjph-tools', proof: 'ojph_compress' },
  { package: 'mricron-data', proof: '/usr/share/mricron/templates/ch2bet.nii.gz' },
];

/** Installs the missing ones when that is possible; otherwise returns the command line that does. */
export function installPeers() {
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  if (process.getuid?.() !== 0 || found('apt-get') === undefined) {
    return [
      `The tests need ${missing.length === 1 ? 'a package' : 'packages'} that this machine lacks: ${missing.join(', ')}.`,
      'Install with:',
      `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
    ].join('\n');
  }
  process.stderr.write(`Installing ${missing.join(', ')} …\n`);
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const apt = spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', process.stderr],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (apt.status !== 0) return `apt-get ${args.join(' ')} failed: see its message above.`;
  }
  const still = missingPackages();
  return still.length === 0 ? undefined : `Installed, but still not found: ${still.join(', ')}.`;
}

const missingPackages = () => peers.filter(({ proof }) => found(proof) === undefined).map((peer) => peer.package);

/** Where a program or file is; Debian keeps daemons in sbin, which is not on everybody's PATH. */
function found(proof) {
  if (proof.startsWith('/')) return existsSync(proof) ? proof : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, proof)).find(executable);
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
