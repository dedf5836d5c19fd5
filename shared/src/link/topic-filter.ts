/** Whether a topic fits an MQTT filter (`+` one level, a trailing `#` any number). MQTT 3.1.1 §4.7. */
export function topicMatches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  for (const [i, want] of wanted.entries()) {
    if (want === '#') return true;
    const has = levels[i];
    if (has === undefined || (want !== '+' && want !== has)) return false;
  }
  return levels.length === wanted.length;
}
