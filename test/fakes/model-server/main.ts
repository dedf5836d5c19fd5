/**
 * A model server for tests that speaks Triton's or TensorFlow Serving's published protocol and computes with the ONNX file
 * it is given: neither server can be had from a package registry.
 *
 *   node test/dist/fakes/model-server/main.js --protocol kserve-v2 --onnx FILE --name NAME --item-dims 1,16,16
 *     [--certificate FILE --key FILE [--client-ca FILE]] [--token TOKEN]
 *
 * Prints `listening <port>`. `PUT /fake` with some of a Behaviour changes what it does, `GET /fake` tells what it was asked.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type Behaviour, SLOW_MS, soundBehaviour } from './behaviour.ts';
import { kserveV2 } from './kserve-v2.ts';
import { openModel } from './model.ts';
import { type Asked, json, type Reply } from './reply.ts';
import { tfServing } from './tf-serving.ts';

const { values } = parseArgs({
  options: {
    protocol: { type: 'string', default: 'kserve-v2' },
    onnx: { type: 'string' },
    name: { type: 'string', default: 'model' },
    'item-dims': { type: 'string', default: '1' },
    certificate: { type: 'string' },
    key: { type: 'string' },
    'client-ca': { type: 'string' },
    token: { type: 'string' },
  },
});
const protocols: Readonly<Record<string, typeof kserveV2>> = { 'kserve-v2': kserveV2, 'tf-serving': tfServing };
const protocol = protocols[values.protocol];
if (protocol === undefined || values.onnx === undefined) {
  process.stderr.write(
    'usage: model-server --protocol kserve-v2|tf-serving --onnx FILE [--name NAME] [--item-dims N,…]\n',
  );
  process.exit(2);
}
const model = await openModel(values.onnx, values.name, values['item-dims'].split(',').map(Number));
let behaviour: Behaviour = soundBehaviour;
/** Requests so far, by method and path, and which of them came with a binary body. */
const asked: Record<string, number> = {};

async function answer(request: Asked): Promise<Reply> {
  if (request.path === '/fake' && request.method === 'PUT') {
    behaviour = { ...behaviour, ...(JSON.parse(request.body.toString('utf8')) as Partial<Behaviour>) };
    return json(200, behaviour);
  }
  if (request.path === '/fake') return json(200, asked);
  const binary = request.headers['inference-header-content-length'] === undefined ? '' : ' binary';
  const key = `${request.method} ${request.path}${binary}`;
  asked[key] = (asked[key] ?? 0) + 1;
  if (values.token !== undefined && request.headers['authorization'] !== `Bearer ${values.token}`)
    return json(401, { error: 'token missing' });
  const { fault, faults, retryAfter_s } = behaviour;
  if (request.method === 'GET' || faults === 0)
    return protocol?.(request, model, { ...behaviour, fault: 'none' }) as Promise<Reply>;
  behaviour = { ...behaviour, faults: faults - 1 };
  if (fault === 'failed') return json(500, { error: 'onnx runtime error 1: made up' });
  if (fault === 'overloaded')
    return json(
      429,
      { error: 'too many requests' },
      retryAfter_s === undefined ? {} : { 'retry-after': String(retryAfter_s) },
    );
  if (fault === 'html')
    return { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>hello</html>') };
  if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS).unref());
  const reply = (await protocol?.(request, model, { ...behaviour, fault })) as Reply;
  return fault === 'too-long' ? { ...reply, body: Buffer.concat([reply.body, Buffer.alloc(8_388_608, ' ')]) } : reply;
}

const listener: RequestListener = (request, response) => {
  void respond(request, response).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    response.writeHead(500).end(JSON.stringify({ error: String(error) }));
  });
};

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { method = 'GET', url = '/', headers } = request;
  const { fault, faults } = behaviour;
  const {
    status,
    headers: more = {},
    body,
  } = await answer({ method, path: url, headers, body: Buffer.concat(pieces) });
  const spoils = url !== '/fake' && method === 'POST' && faults > 0;
  response.writeHead(status, { ...more, 'content-length': body.length });
  if (!spoils || (fault !== 'truncated' && fault !== 'cut')) {
    response.end(body);
    return;
  }
  // Half of what was announced; then an orderly end, or none.
  response.write(body.subarray(0, body.length >> 1), () => {
    if (fault === 'truncated') request.socket.end();
    else request.socket.destroy();
  });
}

const { certificate, key, 'client-ca': clientCa } = values;
const server =
  certificate === undefined || key === undefined
    ? createHttpServer(listener)
    : createHttpsServer(
        {
          cert: readFileSync(certificate),
          key: readFileSync(key),
          ...(clientCa !== undefined && { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true }),
        },
        listener,
      );
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});
