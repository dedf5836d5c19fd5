/** Progress of long work: a bar redrawn in place on a terminal, otherwise one line whenever the text changes. */
export interface Progress {
  /** @param done 0…1, or undefined when nobody knows how long it takes (a spinner) */
  update(done: number | undefined, text: string): void;
  finish(text: string): void;
}

export type ProgressOptions = { readonly label: string; readonly stream?: NodeJS.WriteStream };

/** The bar leaves room for what it is about: on 80 columns a step with its loss must fit beside it. */
const barWidth = (columns: number): number => (columns >= 100 ? 24 : 12);
const widthDefault = 80;
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export function createProgress({ label, stream = process.stderr }: ProgressOptions): Progress {
  return stream.isTTY ? onTerminal(label, stream) : inLines(label, stream);
}

function onTerminal(label: string, stream: NodeJS.WriteStream): Progress {
  let turn = 0;
  const clear = '\r\u001b[2K';
  // Some terminals do not tell their width.
  const columns = () => stream.columns || widthDefault;
  // A line that wraps could not be redrawn in place.
  const draw = (line: string) => stream.write(clear + line.slice(0, Math.max(20, columns() - 1)));
  return {
    update(done, text) {
      const width = barWidth(columns());
      const filled = Math.round((done ?? 0) * width);
      turn += 1;
      const sign =
        done === undefined
          ? (spinner[turn % spinner.length] ?? '')
          : `▕${'█'.repeat(filled)}${' '.repeat(width - filled)}▏ ${String(Math.round(done * 100)).padStart(3)} %`;
      draw(`${label} ${sign} ${text}`);
    },
    finish(text) {
      // The last line stays, so it may wrap: nothing of it is cut off.
      stream.write(`${clear}${label} ✔ ${text}\n`);
    },
  };
}

function inLines(label: string, stream: NodeJS.WriteStream): Progress {
  let last = '';
  const line = (text: string) => {
    if (text !== last) stream.write(`${label}: ${text}\n`);
    last = text;
  };
  return { update: (_done, text) => line(text), finish: line };
}
