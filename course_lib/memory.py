"""How an error that means "no memory left" is told from others, whoever raised it."""

import torch

#: What allocators say, in small letters: CUDA, HIP, XPU and MPS; Linux; Windows; C++;
#: cuBLAS, cuDNN and cuFFT; MPS again.
WORDS = (
    "out of memory",
    "allocate memory",
    "not enough memory",
    "bad_alloc",
    "bad allocation",
    "alloc_failed",
    "allocation_failed",
    "invalid buffer size",
)
#: What libraries of a GPU say without memory to work in, and at other faults too.
PERHAPS = (
    "cudnn_status_not_supported",
    "cudnn_status_internal_error",
    "cublas_status_not_initialized",
    "unable to find an engine",
)


def is_out_of_memory(error: Exception, reviews: int = 1) -> bool:
    """Whether an error means that `reviews` reviews at once do not fit in memory.

    Words that may mean something else are believed while fewer reviews can be tried: an
    error that stays with one review has another cause.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    said = str(error).lower()
    words = WORDS + PERHAPS if reviews > 1 else WORDS
    return any(word in said for word in words)
