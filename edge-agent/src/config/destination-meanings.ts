/** What each key of a destination is for; see `reference.ts`. */
export const destinationMeanings: Readonly<Record<string, string>> = {
  'dicom.sources[].commitment.host': 'Where this sender takes reports on what it asked us to commit: name or address',
  'dicom.sources[].commitment.port': 'TCP port there',
  'dicom.storage_commitment':
    '`refuse`, or a section: requests of others to commit are accepted and answered when a destination has committed the same instances',
  'dicom.storage_commitment.after_pacs': 'Name of that destination',
  'dicom.storage_commitment.open_max': 'Open requests of all senders together; one more is refused (0213H)',
  'dicom.storage_commitment.give_up_s':
    'How long it is asked, seconds; what it has not committed by then is reported as failed',
  'destinations[].name': 'Name used in routes and commands',
  'destinations[].kind': 'How results are sent: C-STORE, or STOW-RS over HTTP',
  'destinations[].ae_title': 'AE title to call (`dimse`)',
  'destinations[].host': 'Name or address (`dimse`)',
  'destinations[].port': 'TCP port (`dimse`)',
  'destinations[].url': 'Where studies are posted to, such as `https://pacs.example.org/dicom-web/studies` (`stow`)',
  'destinations[].tls.ca':
    'PEM file of the authority of the destination; with it a `dimse` connection is TLS, and an https one trusts nobody else',
  'destinations[].tls.certificate': 'PEM file of our certificate, where the destination asks for one',
  'destinations[].tls.key': 'PEM file of its key',
  'destinations[].user.name': 'User that we name in the association request (PS3.7 §D.3.3.7)',
  'destinations[].user.passcode_file': 'File that holds the passcode; without it only the name is sent',
  'destinations[].token_file': 'File that holds a bearer token (`stow`, https only)',
  'destinations[].basic.name': 'User of HTTP basic authentication (`stow`, https only)',
  'destinations[].basic.password_file': 'File that holds its password',
  'destinations[].request_objects_max': 'Objects of one request at most (`stow`)',
  'destinations[].association.idle_s':
    'How long an association is kept open when there is nothing more to send, seconds',
  'destinations[].association.objects_max': 'Objects of one association at most; more are sent over the next',
  'destinations[].association.in_flight_max':
    'Objects under way at a time, where the destination agrees to asynchronous operations',
  'destinations[].timeouts.connect_s': 'Longest wait for the connection and the association, seconds',
  'destinations[].timeouts.response_s': 'Longest wait for an answer, seconds',
  'destinations[].retry.first_s': 'Wait after the first failed delivery, seconds; it doubles from there',
  'destinations[].retry.most_s': 'Longest wait between two attempts, seconds',
  'destinations[].commitment.wait_s':
    'Longest wait for the answer to a storage commitment request, seconds; then it is asked again',
  'destinations[].commitment.requests_max': 'Storage commitment requests for one object at most',
  'destinations[].commitment.resends_max': 'How often an object is sent again that the destination could not commit',
};
