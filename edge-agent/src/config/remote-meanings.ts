/** What each key of a remote device is for; see `reference.ts` and remote-servers.md. */
export const remoteMeanings: Readonly<Record<string, string>> = {
  'devices[].remote.protocol':
    'A model server as a device: `kserve-v2` (Triton, OpenVINO Model Server, MLServer, KServe), TensorFlow Serving or TorchServe; see remote-servers.md',
  'devices[].remote.url': 'Where it is, such as `https://models.example.org:8000`; its paths are appended',
  'devices[].remote.models':
    'For each release that it computes, by name: `model`, `version` where not the newest, and `stages` by name where the stages are models of their own',
  'devices[].remote.tls.ca': 'PEM file of the authority of the server; nobody else is trusted (required with https)',
  'devices[].remote.tls.certificate': 'PEM file of our certificate, where the server asks for one',
  'devices[].remote.tls.key': 'PEM file of its key',
  'devices[].remote.token_file': 'File that holds a bearer token; read for each request, mode 600',
  'devices[].remote.insecure_loopback': 'Whether plain http is allowed, to this machine only',
  'devices[].remote.workers':
    'Requests under way at a time; each is a process of its own that decodes and preprocesses',
  'devices[].remote.timeouts.connect_s': 'Longest wait for a connection, seconds',
  'devices[].remote.timeouts.response_s': 'Longest wait for a whole answer, seconds',
  'devices[].remote.retry.attempts_max':
    'How often a request is sent at most, where the server is overloaded or the connection broke',
  'devices[].remote.retry.first_s': 'Wait before the second time, seconds; it doubles from there',
  'devices[].remote.retry.most_s':
    'Longest wait, seconds; where the server asks for more (Retry-After) the work goes back to the queue',
  'devices[].remote.attest_every_s':
    'How often the golden inputs are run again at least while the device is used, seconds',
  'devices[].remote.tensors':
    'How tensors travel. `kserve-v2`: bytes where the server says that it knows them, always, or JSON; `tf-serving`: in columns or rows; `torchserve`: what the handler takes, the envelope kservev2 or `{"instances": …}`',
  'devices[].remote.signature': 'Signature of the model (`tf-serving`)',
  'routes[].unattested':
    'Whether a model server may compute whose model could not be shown to be that of the release; the results say so. Where it is refused and no other device has the release, a study fails by name after a minute',
};
