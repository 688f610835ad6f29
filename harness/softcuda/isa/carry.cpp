/// "Extended-Precision Integer Arithmetic Instructions" (PTX ISA 9.7.2). The condition code register has one
/// bit, CC.CF, a lane; it is a row like any predicate, so that whoever reads it before it was written is told
/// so.
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;

enum class Sum : std::uint8_t { plus, minus, low_product, high_product };

/// The first summand of an instruction with operands a, b: a itself, or half of the product.
template <Sum kSum, class T>
T first_summand(T a, T b) {
  using Unsigned = std::make_unsigned_t<T>;
  __extension__ typedef __int128 Signed128;
  __extension__ typedef unsigned __int128 Unsigned128;
  using Wide = std::conditional_t<std::is_signed_v<T>, Signed128, Unsigned128>;
  if constexpr (kSum == Sum::low_product)
    return static_cast<T>(static_cast<Unsigned>(a) * static_cast<Unsigned>(b));
  else if constexpr (kSum == Sum::high_product)
    return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b) >> (8 * sizeof(T)));
  else
    return a;
}

/// Rows: d, a, b[, c][, carry in][, carry out]. Of differences the flag is a borrow.
template <class T, Sum kSum, bool kIn, bool kOut>
const Op* extended(Warp& w, const Op* op) {
  using Unsigned = std::make_unsigned_t<T>;
  constexpr bool kProduct = kSum == Sum::low_product || kSum == Sum::high_product;
  constexpr int kFlags = kProduct ? 4 : 3;
  const T* a = w.row<T>(op->rows[1]);
  const T* b = w.row<T>(op->rows[2]);
  const T* c = w.row<T>(op->rows[kProduct ? 3 : 2]);
  T* d = w.row<T>(op->rows[0]);
  const u32 active = w.active;
  const u32 in = kIn ? w.predicate(op->rows[kFlags]) : 0;
  u32 out = 0;
  for (u32 lane = 0; lane < kLanes; ++lane) {
    const auto left = static_cast<Unsigned>(first_summand<kSum>(a[lane], b[lane]));
    const auto right = static_cast<Unsigned>(c[lane]);
    const Unsigned flag = in >> lane & 1u;
    Unsigned whole;
    bool over;
    if constexpr (kSum == Sum::minus) {
      whole = left - right - flag;
      over = left < right || (left == right && flag != 0);
    } else {
      whole = left + right + flag;
      over = whole < left || (whole == left && flag != 0);
    }
    out |= static_cast<u32>(over) << lane;
    d[lane] = (active >> lane & 1u) != 0 ? static_cast<T>(whole) : d[lane];
  }
  if constexpr (kOut) {
    u32& carry = w.predicate(op->rows[kFlags + static_cast<int>(kIn)]);
    carry = (carry & ~active) | (out & active);
  }
  return op + 1;
}

template <Sum kSum, bool kIn, bool kOut>
Handlers bind(const Form& f) {
  return each_integer(f.type(), []<class T>() -> Handlers {
    return {&extended<T, kSum, kIn, kOut>, &extended<T, kSum, kIn, kOut>};
  });
}
template <bool kIn, bool kOut>
Handlers bind_product(const Form& f) {
  return f.has("hi") ? bind<Sum::high_product, kIn, kOut>(f) : bind<Sum::low_product, kIn, kOut>(f);
}

}  // namespace

std::span<const Entry> carry_family() {
  static const Entry entries[] = {
      {"add.cc.{u32|s32|u64|s64} d, a, b, (q)", bind<Sum::plus, false, true>},
      {"addc.{u32|s32|u64|s64} d, a, b, (c)", bind<Sum::plus, true, false>},
      {"addc.cc.{u32|s32|u64|s64} d, a, b, (c), (q)", bind<Sum::plus, true, true>},
      {"sub.cc.{u32|s32|u64|s64} d, a, b, (q)", bind<Sum::minus, false, true>},
      {"subc.{u32|s32|u64|s64} d, a, b, (c)", bind<Sum::minus, true, false>},
      {"subc.cc.{u32|s32|u64|s64} d, a, b, (c), (q)", bind<Sum::minus, true, true>},
      {"mad.{lo|hi}.cc.{u32|s32|u64|s64} d, a, b, c, (q)", bind_product<false, true>},
      {"madc.{lo|hi}.{u32|s32|u64|s64} d, a, b, c, (c)", bind_product<true, false>},
      {"madc.{lo|hi}.cc.{u32|s32|u64|s64} d, a, b, c, (c), (q)", bind_product<true, true>},
  };
  return entries;
}

}  // namespace softcuda::isa
