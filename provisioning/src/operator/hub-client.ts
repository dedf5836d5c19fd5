import { createInterface } from 'node:readline';
import type {
  DeviceSummary,
  ModelSummary,
  RolloutRequest,
  RolloutSummary,
  RunRequest,
  RunSummary,
  TargetsDraft,
  TargetsSubmission,
  TokenRequest,
  TokenResponse,
} from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { connectionError, exchange, type HubEndpoint, type Method, refusal, send, trustOnly } from './request-hub.ts';

/** The operator's side of the hub's HTTP interface; every command line uses this one. */
export interface HubClient {
  readonly url: string;
  get(path: string): Promise<unknown>;
  request(method: Method, path: string, body?: unknown): Promise<unknown>;
  createToken(request: TokenRequest): Promise<TokenResponse>;
  listDevices(): Promise<readonly DeviceSummary[]>;
  showDevice(id: string): Promise<DeviceSummary>;
  retireDevice(id: string): Promise<DeviceSummary>;
  listModels(): Promise<readonly ModelSummary[]>;
  startRun(request: RunRequest): Promise<RunSummary>;
  listRuns(): Promise<readonly RunSummary[]>;
  showRun(id: string): Promise<RunSummary>;
  /** The run after each of its events, to its end. */
  followRun(id: string): AsyncIterable<RunSummary>;
  targetsDraft(add: string): Promise<TargetsDraft>;
  submitTargets(submission: TargetsSubmission): Promise<void>;
  createRollout(request: RolloutRequest): Promise<RolloutSummary>;
  listRollouts(): Promise<readonly RolloutSummary[]>;
  showRollout(id: number): Promise<RolloutSummary>;
  close(): Promise<void>;
}

export function createHubClient(hub: HubEndpoint): HubClient {
  const agent = trustOnly(hub.ca, hub.timeoutMs);
  let closing: Promise<void> | undefined;
  const request = (method: Method, path: string, body?: unknown) => exchange(agent, hub, method, path, body);
  const read = <T>(path: string) => request('GET', path) as Promise<T>;
  const write = <T>(path: string, body: unknown) => request('POST', path, body) as Promise<T>;
  const part = encodeURIComponent;
  return {
    url: hub.url,
    get: (path) => read(path),
    request,
    createToken: (body) => write('/v1/tokens', body),
    listDevices: () => read('/v1/devices'),
    showDevice: (id) => read(`/v1/devices/${part(id)}`),
    retireDevice: (id) => write(`/v1/devices/${part(id)}/retire`, {}),
    listModels: () => read('/v1/models'),
    startRun: (body) => write('/v1/runs', body),
    listRuns: () => read('/v1/runs'),
    showRun: (id) => read(`/v1/runs/${part(id)}`),
    async *followRun(id) {
      const answer = await send(agent, hub, 'GET', `/v1/runs/${part(id)}/events`);
      if (answer.statusCode !== 200) throw refusal(answer.statusCode, await answer.body.text(), hub.url);
      const lines = createInterface({ input: answer.body, crlfDelay: Infinity });
      // The error of the body is thrown by the iteration below as well; readline passes it on.
      try {
        for await (const line of lines) {
          if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length)) as RunSummary;
        }
      } catch (error) {
        throw error instanceof CodedError ? error : connectionError(error, hub.url);
      } finally {
        answer.body.destroy();
      }
    },
    targetsDraft: (add) => read(`/v1/trust/draft?add=${part(add)}`),
    submitTargets: async (submission) => void (await request('POST', '/v1/trust/targets', submission)),
    createRollout: (body) => write('/v1/rollouts', body),
    listRollouts: () => read('/v1/rollouts'),
    showRollout: (id) => read(`/v1/rollouts/${id}`),
    close: () => (closing ??= agent.close()),
  };
}
