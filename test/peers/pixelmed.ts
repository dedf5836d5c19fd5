import { existsSync } from 'node:fs';

const PIXELMED = '/usr/share/java/pixelmed.jar';

/**
 * The command that checks a structured report against the templates of PS3.16. Newer JDKs bound what its stylesheets
 * need; and it runs for seconds only, so the JVM's second compiler costs more than it brings (13.5 against 7.2 CPU-s).
 *
 * @throws Error where PixelMed is not installed
 */
export function srValidatorCommand(file: string): { readonly program: string; readonly args: readonly string[] } {
  if (!existsSync(PIXELMED)) throw new Error(`${PIXELMED} is missing: install pixelmed-apps`);
  const limits = ['TotalOpLimit', 'ExprOpLimit', 'ExprGrpLimit'].map((name) => `-Djdk.xml.xpath${name}=0`);
  const short = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
  return {
    program: 'java',
    args: [...short, ...limits, '-cp', PIXELMED, 'com.pixelmed.validate.DicomSRValidator', file],
  };
}
