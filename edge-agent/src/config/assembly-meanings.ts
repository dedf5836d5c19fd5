/** What each key of completion rules and rejections is for; see `reference.ts`. */
export const assemblyMeanings: Readonly<Record<string, string>> = {
  'assembly.rules[].expect':
    'What must be there by then; `none`: the release alone suffices; `c-find`: as many images as `at` counts; `key-object`: every image that a key object lists',
  'assembly.rules[].at.host': 'Who is asked how many images a study has: name or address (`c-find`)',
  'assembly.rules[].at.port': 'TCP port',
  'assembly.rules[].at.ae_title': 'AE title to call',
  'assembly.rules[].at.tls.ca': 'PEM file of its authority; with it the connection is TLS',
  'assembly.rules[].at.tls.certificate': 'PEM file of our certificate, where it asks for one',
  'assembly.rules[].at.tls.key': 'PEM file of its key',
  'assembly.rules[].at.user.name': 'User that we name in the association request (PS3.7 §D.3.3.7)',
  'assembly.rules[].at.user.passcode_file': 'File that holds the passcode; without it only the name is sent',
  'assembly.rules[].at.unit':
    '`study`: one count for the study; `series`: one for each series, so that routes with `complete: series` need not wait either',
  'assembly.rules[].at.timeouts.connect_s': 'Longest wait for the connection and the association, seconds',
  'assembly.rules[].at.timeouts.response_s': 'Longest wait for an answer, seconds',
  'assembly.rules[].at.retry.attempts_max':
    'How often it is asked about one study at most; then the quiet time decides',
  'assembly.rules[].at.retry.first_s': 'Wait after the first failed attempt, seconds; it doubles from there',
  'assembly.rules[].at.retry.most_s': 'Longest wait between two attempts, seconds',
  'assembly.rules[].titles':
    'Titles of key objects that list the whole study (`key-object`): a code of DICOM, or `SCHEME:CODE`; Manifest and the titles of IHE TCE when not given',
  'assembly.rejections.keep_days':
    'How long it is remembered that an image was rejected which is not here, days; of one that is here, as long as it is',
  'assembly.rejections.entries_max': 'Rejected images remembered at most; beyond it the oldest that are not here go',
};
