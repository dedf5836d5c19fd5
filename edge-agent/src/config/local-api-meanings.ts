/** What each key of the local API is for; see `reference.ts`. */
export const localApiMeanings: Readonly<Record<string, string>> = {
  'local_api.host':
    'Address of the local API; any other than the loopback address needs `local_api.tls`. What changes something is done from this machine only',
  'local_api.port': 'TCP port of the local API',
  'local_api.connections': 'TCP connections at a time; one more is closed at once',
  'local_api.tls.certificate':
    'PEM file of the certificate; a renewed one is shown within ten seconds. The local API then answers https only',
  'local_api.tls.key': 'PEM file of its key',
  'local_api.tls.client_ca': 'PEM file of the authority of those callers that show a certificate',
  'local_api.stow.enabled': 'Whether objects are taken by STOW-RS, at `/dicom-web/studies`; see stow-rs.md',
  'local_api.stow.sources[].name': 'Name of the sender; like a calling AE title in routes, rules and the audit log',
  'local_api.stow.sources[].address': 'Address or CIDR block that it may post from',
  'local_api.stow.sources[].token_file':
    'File with the bearer token that it must show: 20 characters or more, readable by its owner only',
  'local_api.stow.sources[].certificate_name':
    'Common name of the client certificate that it must show; needs `local_api.tls.client_ca`',
  'local_api.stow.sources[].requests':
    'Requests at a time of this sender; `local_api.stow.limits.per_source` when not given',
  'local_api.stow.limits.requests': 'Requests at a time, of all senders together',
  'local_api.stow.limits.per_source': 'Requests at a time of one sender',
  'local_api.stow.limits.request_bytes': 'Longest request body, bytes',
  'local_api.stow.limits.parts': 'Most objects of one request',
  'local_api.stow.limits.part_header_bytes': 'Most bytes of header lines of one part',
  'local_api.inference.enabled': 'Whether other programs may ask for inference (KServe v2, at `/v2`); see kserve-v2.md',
  'local_api.inference.programs[].name': 'Name of the program in the log',
  'local_api.inference.programs[].address': 'Address or CIDR block that it may ask from',
  'local_api.inference.programs[].token_file':
    'File with the bearer token that it must show: 20 characters or more, readable by its owner only',
  'local_api.inference.programs[].certificate_name':
    'Common name of the client certificate that it must show; needs `local_api.tls.client_ca`',
  'local_api.inference.programs[].without_proof':
    'Whether every program on this machine may ask, without token or certificate; for an `address` within the loopback addresses only',
  'local_api.inference.programs[].priorities':
    'Priorities that it may ask for; the first is meant where a request names none',
  'local_api.inference.programs[].releases': 'Names of the releases that it may use; all when not given',
  'local_api.inference.programs[].requests':
    'Requests at a time of this program; `local_api.inference.limits.per_program` when not given',
  'local_api.inference.limits.requests': 'Requests at a time, of all programs together; one more is answered 429',
  'local_api.inference.limits.per_program': 'Requests at a time of one program',
  'local_api.inference.limits.request_bytes': 'Longest request body, bytes',
  'local_api.inference.limits.json_bytes': 'Longest JSON in it, bytes; tensors in binary form do not count',
  'local_api.inference.limits.bytes': 'Bodies of all requests under way together, bytes; one more is answered 429',
  'local_api.inference.limits.answer_s':
    'Longest time from a whole request to its answer, seconds; a request may ask for less (`timeout`)',
};
