#pragma once
#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

/// For programs that know nothing of flashdiff: a word to stderr and exit code 1 where something is not as it
/// should be.
#define EXPECT(condition)                                                          \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                \
    }                                                                              \
  } while (false)
#define EXPECT_ERROR(wanted, call)                                                    \
  do {                                                                                \
    const cudaError_t got_ = (call);                                                  \
    if (got_ != (wanted)) {                                                           \
      std::fprintf(stderr, "%s:%d: %s: %s, expected %s\n", __FILE__, __LINE__, #call, \
                   cudaGetErrorName(got_), #wanted);                                  \
      std::exit(1);                                                                   \
    }                                                                                 \
  } while (false)
#define OK(call) EXPECT_ERROR(cudaSuccess, call)
