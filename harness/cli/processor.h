#pragma once

// The extensions of x86-64 that a build may use: X(name of GCC's __builtin_cpu_supports, predefined macro). A
// build for the machine's own processor dies by an illegal instruction elsewhere; with this list it says so
// instead.
// Not formatted: clang-format takes the rows for one expression and indents it ever deeper, differently each
// time.
// clang-format off
#define FLASHDIFF_PROCESSOR_EXTENSIONS(X)                                                             \
  X("sse4.2", SSE4_2) X("popcnt", POPCNT) X("avx", AVX) X("avx2", AVX2) X("fma", FMA) X("f16c", F16C) \
  X("bmi", BMI) X("bmi2", BMI2) X("lzcnt", LZCNT) X("avx512f", AVX512F) X("avx512bw", AVX512BW)       \
  X("avx512cd", AVX512CD) X("avx512dq", AVX512DQ) X("avx512vl", AVX512VL) X("avx512vbmi", AVX512VBMI) \
  X("avx512vbmi2", AVX512VBMI2) X("avx512vnni", AVX512VNNI) X("avx512bitalg", AVX512BITALG)           \
  X("avx512vpopcntdq", AVX512VPOPCNTDQ) X("avx512ifma", AVX512IFMA) X("gfni", GFNI) X("vaes", VAES)   \
  X("vpclmulqdq", VPCLMULQDQ) X("avx512er", AVX512ER)
// clang-format on

namespace flashdiff::cli {

/// Which of them this program was compiled with. Data alone: it is read before any compiled code may run.
struct ProcessorNeeds {
#define X(name, word) bool word = false;
  FLASHDIFF_PROCESSOR_EXTENSIONS(X)
#undef X
};
extern const ProcessorNeeds processor_needs;

}  // namespace flashdiff::cli
