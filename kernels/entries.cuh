#pragma once
/// FLASHDIFF_ENTRY(f16_d64, ...): the definition of the entries of that name. It is left out where nvcc is
/// told to build others only, as for a planted bug, which one entry is enough to show:
///
///   nvcc -DFLASHDIFF_ONLY -DFLASHDIFF_ONLY_f16_d64 ...
#ifdef FLASHDIFF_ONLY
// FLASHDIFF_ONLY_f16_d64 is 1 then, which becomes "a,", and `kept` the second word; any other name stays what
// it is, and `left_out` is the second.
#define FLASHDIFF_WORD_1 a,
#define FLASHDIFF_SECOND(first, second, ...) second
#define FLASHDIFF_WAY(...) FLASHDIFF_SECOND(__VA_ARGS__, )
#define FLASHDIFF_JOIN(one, other) one##other
#define FLASHDIFF_CALL(one, other) FLASHDIFF_JOIN(one, other)
#define FLASHDIFF_kept(...) __VA_ARGS__
#define FLASHDIFF_left_out(...)
#define FLASHDIFF_ENTRY(name, ...)                                                                     \
  FLASHDIFF_CALL(FLASHDIFF_,                                                                           \
                 FLASHDIFF_WAY(FLASHDIFF_CALL(FLASHDIFF_WORD_, FLASHDIFF_ONLY_##name) kept, left_out)) \
  (__VA_ARGS__)
#else
#define FLASHDIFF_ENTRY(name, ...) __VA_ARGS__
#endif
