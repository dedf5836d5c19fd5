/** Longest Series Description looked at; LO allows 64 characters (PS3.5 §6.2). */
const LENGTH_MAX = 256;

/**
 * A condition on a series description: a regular expression that may begin with the inline flags `(?i)`, `(?s)`, `(?m)`
 * that Python knows and JavaScript does not.
 *
 * @returns whether a description fits; undefined when the text is no regular expression
 */
export function descriptionPattern(text: string): ((description: string) => boolean) | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(text);
  try {
    const pattern = new RegExp(text.slice(flags?.[0].length ?? 0), [...new Set(`u${flags?.[1] ?? ''}`)].join(''));
    return (description) => pattern.test(description.slice(0, LENGTH_MAX));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
