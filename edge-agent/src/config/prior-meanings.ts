/** What each key of priors is for; see `reference.ts`. */
export const priorMeanings: Readonly<Record<string, string>> = {
  'priors.source.ae_title': 'AE title of the PACS that has the priors, to call; see priors.md',
  'priors.source.host': 'Its name or address',
  'priors.source.port': 'TCP port',
  'priors.source.tls.ca': 'PEM file of its authority; with it the connection is TLS',
  'priors.source.tls.certificate': 'PEM file of our certificate, where it asks for one',
  'priors.source.tls.key': 'PEM file of its key',
  'priors.source.user.name': 'User that we name in the association request (PS3.7 §D.3.3.7)',
  'priors.source.user.passcode_file': 'File that holds the passcode; without it only the name is sent',
  'priors.source.sends_as':
    'Calling AE title of what it sends, where that is another one; it must be one of `dicom.sources`',
  'priors.concurrent_moves_max': 'Studies that it is asked to send at a time',
  'priors.series_images_max': 'A series with more images is not fetched',
  'priors.keep_hours':
    'How long a fetched study is kept after no job needs it any more, hours; when the disk is full it goes at once',
  'priors.timeouts.connect_s': 'Longest wait for the connection and the association, seconds',
  'priors.timeouts.response_s': 'Longest wait for an answer to a question, seconds',
  'priors.timeouts.move_idle_s':
    'A transfer of which nothing is heard for so long is given up and tried again, seconds',
  'priors.retry.attempts_max': 'How often one question, or the transfer of one series, is tried',
  'priors.retry.first_s': 'Wait after the first failed attempt, seconds; it doubles from there',
  'priors.retry.most_s': 'Longest wait between two attempts, seconds',
};
