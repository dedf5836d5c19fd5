import { execFile } from 'node:child_process';
import { srValidatorCommand } from '../../peers/pixelmed.ts';

export type ToolOutput = { readonly exit: number; readonly output: string };

/** Runs a peer's program to its end; stdout and stderr together. A program that cannot be started is an error. */
export function runTool(program: string, args: readonly string[], input?: string): Promise<ToolOutput> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ exit: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}

/** Debian's dicom3tools: checks an object against its IOD. Errors begin with the word. */
export async function dciodvfy(
  file: string,
): Promise<{ readonly exit: number; readonly errors: readonly string[]; readonly output: string }> {
  const { exit, output } = await runTool('dciodvfy', [file]);
  return { exit, output, errors: output.split('\n').filter((line) => line.startsWith('Error')) };
}

/** PixelMed's validator of structured reports. */
export async function srValidator(file: string): Promise<ToolOutput> {
  const { program, args } = srValidatorCommand(file);
  return runTool(program, args);
}

/** Runs a Python program with Debian's pydicom; what it prints is JSON. */
export async function pydicom(program: string, ...args: readonly string[]): Promise<unknown> {
  const { exit, output } = await runTool('/usr/bin/python3', ['-', ...args], program);
  if (exit !== 0) throw new Error(output);
  return JSON.parse(output);
}
