#pragma once
#include <cstdint>

#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/ptx/module.h"

namespace softcuda::isa {

/// A cvt with one source, as its modifiers say. Bytes, so that it fits into Op::imm.
struct Conversion {
  ptx::Type to = ptx::Type::u32;
  ptx::Type from = ptx::Type::u32;
  Round round = Round::nearest_even;
  bool integral : 1 = false;  ///< .rni and its kin between floating-point types
  bool ftz : 1 = false;
  bool sat : 1 = false;
  bool relu : 1 = false;
  std::uint8_t to_bits = 32;  ///< of the registers
  std::uint8_t from_bits = 32;
  std::uint16_t unused = 0;
};
static_assert(sizeof(Conversion) == 8);

/// One value converted: the low bits of `source` in, the whole destination register out. Every form of cvt
/// between single values goes through here; the forms that kernels are full of have vector code beside it
/// (convert.cpp).
[[nodiscard]] std::uint64_t convert(std::uint64_t source, const Conversion&);

}  // namespace softcuda::isa
