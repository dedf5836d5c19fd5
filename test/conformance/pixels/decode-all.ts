import { type DecodedFrame, openImageFile } from '@collimator/edge-agent/study/decode/image-file';
import type { PixelCodecs } from '@collimator/edge-agent/study/decode/pixels/pixel-codecs';
import type { Problem } from '@collimator/edge-agent/study/decode/problem';
import { ok, type Result } from '@collimator/shared/result';

/** Every frame of a file, or the first problem. */
export async function decodeAll(file: string, codecs: PixelCodecs): Promise<Result<readonly DecodedFrame[], Problem>> {
  const opened = await openImageFile(file, codecs);
  if (!opened.ok) return opened;
  const frames: DecodedFrame[] = [];
  try {
    for (let i = 0; i < opened.value.frames; i++) {
      const frame = await opened.value.frame(i);
      if (!frame.ok) return frame;
      frames.push(frame.value);
    }
    return ok(frames);
  } finally {
    await opened.value.close();
  }
}
