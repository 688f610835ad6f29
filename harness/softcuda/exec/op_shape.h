#pragma once
#include <cstdint>

#include "harness/softcuda/isa/entry.h"

namespace softcuda::exec {

/// How unwritten values go through an instruction, as far as detectors follow them.
enum class Rule : std::uint8_t {
  plain,    ///< a result is as bad as any operand
  nothing,  ///< no operands that matter
  guard_if,
  guard_unless,
  branch,       ///< a predicate, or an index, decides
  select,       ///< d = p ? a : b
  concatenate,  ///< the operands' halves, in order, are the results' halves: mov, with or without braces
  halfwise,     ///< 16 bits at a time: packed halves, xor
  mask,         ///< and: halfwise, and a zero makes a half good
  either,       ///< or: halfwise, and a true predicate makes a predicate good
  shift_left,
  shift_right,
  permute,  ///< prmt
  narrow,   ///< the low bits of one operand
  load,
  store,
  update,
  shuffle,  ///< shfl: lane by lane, from where the value comes
  spread,   ///< vote, match, redux: one bad lane makes all bad
  matrix,   ///< mma: operands decide about a whole tile
  gather,   ///< ldmatrix and wmma.load: rows of memory into fragments
};
[[nodiscard]] Rule rule_of(const isa::Form&);

/// What detectors know of an op beyond its handlers.
struct OpShape {
  std::uint64_t widths = 0;   ///< two bits a row: 0 a predicate, else 8 << w bits
  std::uint32_t written = 0;  ///< a bit a row
  Rule rule = Rule::nothing;
  std::uint8_t rows = 0;
  std::int8_t address = -1, second_address = -1;  ///< rows of addresses
  bool transposed = false;                        ///< ldmatrix.trans
  bool early =
      false;  ///< one of its rows may be read before it is written; of a guard, what it guards counts

  /// 16-bit halves of a row; a predicate counts as one.
  [[nodiscard]] int halves(int row) const {
    const auto width = static_cast<int>(widths >> 2 * row & 3);
    return width < 2 ? 1 : width == 2 ? 2 : 4;
  }
  [[nodiscard]] bool writes(int row) const { return (written >> row & 1u) != 0; }
};

}  // namespace softcuda::exec
