import { describe, expect, it } from 'vitest';
import { isOutOfMemory } from './out-of-memory.ts';

describe('the words for too little memory', () => {
  it.each([
    'Non-zero status code returned while running Conv node. Name:"c1" Status Message: bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 1073741824',
    'bfc_arena.cc:357 Available memory of 1048576 is smaller than requested bytes of 4194304',
    'CUDA failure 2: out of memory ; GPU=0 ; hostname=box ; expr=cudaMalloc(&p, size);',
    'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0',
    'TensorRT EP execution context enqueue failed: [defaultAllocator.cpp::allocate] Error Code 1: Cuda Runtime (out of memory)',
    'std::bad_alloc',
  ])('%s', (message) => expect(isOutOfMemory(message)).toBe(true));

  it.each([
    'Got invalid dimensions for input: image for the following indices index: 2 Got: 8 Expected: 16',
    'CUDA failure 700: an illegal memory access was encountered',
    'CUDNN failure 4: CUDNN_STATUS_INTERNAL_ERROR',
  ])('not %s', (message) => expect(isOutOfMemory(message)).toBe(false));
});
