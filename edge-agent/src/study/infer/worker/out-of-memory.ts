/**
 * What ONNX Runtime 1.30 and the libraries under it say when the memory of a device does not suffice: the arena of the
 * CUDA and CPU providers, cudaMalloc and cuBLAS/cuDNN by their status names, TensorRT's builder and executor.
 */
const phrases = [
  /failed to allocate memory for requested buffer/i,
  /available memory of \d+ is smaller than requested bytes/i,
  /cuda(?: failure 2|error 2|ErrorMemoryAllocation)/i,
  /\bout of memory\b/i,
  /CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED/,
  /(?:defaultAllocator|OutOfMemory|insufficient memory).*(?:TensorRT|trt)|(?:TensorRT|trt).*(?:OutOfMemory|insufficient memory)/i,
  /std::bad_alloc|bad allocation/,
];

/** Whether the words of a runtime mean that a smaller batch may pass. */
export const isOutOfMemory = (message: string): boolean => phrases.some((phrase) => phrase.test(message));
