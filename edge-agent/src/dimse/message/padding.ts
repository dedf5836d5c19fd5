/** Text without the spaces and NULs that fill it up at its end; linear, which `/[\0 ]+$/` is not. */
export function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0)) end -= 1;
  return text.slice(0, end);
}
