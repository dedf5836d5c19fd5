import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '../conformance/results/tools.ts';
import { freePorts } from '../free-ports.ts';
import { waitFor } from '../demo/wait.ts';
import { type ListeningProgram, startListening } from './listening-program.ts';
import { checkoutRoot, pythonEnvironment } from './python-environment.ts';

const programs = join(checkoutRoot, 'test/integration/remote/python');

/** The Python with MLServer, TorchServe and the clients of Triton and of OpenVINO's TensorFlow API. */
export const modelServersPython = (): Promise<string> =>
  pythonEnvironment('model-servers', join(programs, 'requirements.txt'));

async function sitePackages(python: string): Promise<string> {
  const { exit, output } = await runTool(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
  if (exit !== 0) throw new Error(output);
  return output.trim();
}

/** Starting takes seconds of imports on an idle machine. */
const READY_MS_MAX = 120_000;

async function ready(url: string, what: string): Promise<void> {
  await waitFor(async () => (await fetch(url)).ok || undefined, { what, timeoutMs: READY_MS_MAX });
}

/** The files of remote-servers.md, as a person would copy them: the one after the heading in this language. */
function ofPage(heading: string, language: string): string {
  const page = readFileSync(join(checkoutRoot, 'edge-agent/docs/remote-servers.md'), 'utf8');
  const [, section = ''] = page.split(`\n### ${heading}\n`);
  const [, block] = new RegExp(`\`\`\`${language}\\n(.*?)\\n\`\`\``, 's').exec(section) ?? [];
  if (block === undefined) throw new Error(`remote-servers.md has no ${language} under ${heading}`);
  return block;
}

/**
 * MLServer with one model of an ONNX file, set up as remote-servers.md says.
 *
 * @param extra what goes into its metadata; a `bias` makes it another model, see python/biased_runtime.py
 */
export async function startMlServer(
  folder: string,
  model: { readonly name: string; readonly version: string; readonly onnx: string; readonly extra: object },
): Promise<ListeningProgram> {
  const [http = 0, grpc = 0, metrics = 0] = await freePorts(3);
  mkdirSync(folder, { recursive: true });
  const settings = {
    ...{ host: '127.0.0.1', http_port: http, grpc_port: grpc, metrics_port: metrics },
    ...{ parallel_workers: 0, debug: false, environments_dir: join(folder, '.envs') },
  };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'onnx_runtime.py'), ofPage('MLServer', 'python'));
  const { name, version, onnx, extra } = model;
  const described = JSON.parse(ofPage('MLServer', 'json')) as { implementation: string; parameters: object };
  const implementation = 'bias' in extra ? 'biased_runtime.BiasedModel' : described.implementation;
  const parameters = { ...described.parameters, uri: onnx, version, extra };
  writeFileSync(
    join(folder, 'model-settings.json'),
    JSON.stringify({ ...described, name, implementation, parameters }),
  );
  const start = 'import sys; from mlserver.cli import main; sys.argv = ["mlserver", "start", sys.argv[1]]; main()';
  const program = await startListening(await modelServersPython(), ['-c', start, folder], http, {
    PYTHONPATH: programs,
  });
  await ready(`http://127.0.0.1:${http}/v2/models/${name}/ready`, 'MLServer');
  return program;
}

/** TorchServe with one model of an ONNX file, in one worker. Without an envelope its handler takes `instances`. */
export async function startTorchServe(
  folder: string,
  model: { readonly name: string; readonly version: string; readonly onnx: string; readonly envelope?: 'kservev2' },
): Promise<ListeningProgram> {
  const [inference = 0, management = 0, metrics = 0] = await freePorts(3);
  const { name, version, onnx, envelope } = model;
  const archive = join(folder, 'store', name);
  for (const one of [join(archive, 'MAR-INF'), join(folder, 'tmp'), join(folder, 'logs')])
    mkdirSync(one, { recursive: true });
  copyFileSync(onnx, join(archive, 'model.onnx'));
  copyFileSync(join(programs, 'torchserve_handler.py'), join(archive, 'torchserve_handler.py'));
  const manifest = {
    ...{ createdOn: '28/11/2026 00:00:00', runtime: 'python', archiverVersion: '0.12.0' },
    model: { modelName: name, handler: 'torchserve_handler.py', modelVersion: version },
  };
  writeFileSync(join(archive, 'MAR-INF/MANIFEST.json'), JSON.stringify(manifest));
  const address = (port: number): string => `http://127.0.0.1:${port}`;
  const properties = [
    ...[`inference_address=${address(inference)}`, `management_address=${address(management)}`],
    ...[`metrics_address=${address(metrics)}`, 'disable_system_metrics=true', 'disable_token_authorization=true'],
    ...['default_workers_per_model=1', 'number_of_netty_threads=1', `load_models=${name}`],
    ...(envelope === undefined ? [] : [`service_envelope=${envelope}`]),
  ];
  writeFileSync(join(folder, 'config.properties'), properties.join('\n'));
  const python = await modelServersPython();
  const home = await sitePackages(python);
  // What its launcher starts, without the launcher, which would leave the server behind when it is ended.
  const program = await startListening(
    'java',
    [
      ...[`-Dmodel_server_home=${home}`, `-Djava.io.tmpdir=${join(folder, 'tmp')}`, '-Xmx256m'],
      ...['-cp', join(home, 'ts/frontend/*'), 'org.pytorch.serve.ModelServer', '--python', python, '-ncs'],
      ...['-f', join(folder, 'config.properties'), '-s', join(folder, 'store')],
    ],
    inference,
    {
      PYTHONPATH: programs,
      LOG_LOCATION: join(folder, 'logs'),
      METRICS_LOCATION: join(folder, 'logs'),
    },
  );
  // Its port answers long before the worker of a model does.
  const up = async (): Promise<true | undefined> => {
    const workers = (await (await fetch(`${address(management)}/models/${name}`)).json()) as {
      workers?: { status: string }[];
    }[];
    return workers[0]?.workers?.some(({ status }) => status === 'READY') === true || undefined;
  };
  await waitFor(up, { what: 'the worker of TorchServe', timeoutMs: READY_MS_MAX });
  return program;
}
