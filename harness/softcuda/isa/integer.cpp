/// "Integer Arithmetic Instructions" (PTX ISA 9.7.1).
#include <limits>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

/// Arithmetic is modulo 2^N for both signs: done unsigned, where overflow is defined.
template <class T>
using U = std::make_unsigned_t<T>;

template <class T>
struct WideOf;
template <>
struct WideOf<std::uint16_t> {
  using type = std::uint32_t;
};
template <>
struct WideOf<std::int16_t> {
  using type = std::int32_t;
};
template <>
struct WideOf<std::uint32_t> {
  using type = std::uint64_t;
};
template <>
struct WideOf<std::int32_t> {
  using type = std::int64_t;
};
__extension__ typedef unsigned __int128 Unsigned128;
__extension__ typedef __int128 Signed128;
template <>
struct WideOf<std::uint64_t> {
  using type = Unsigned128;
};
template <>
struct WideOf<std::int64_t> {
  using type = Signed128;
};
template <class T>
using Wide = typename WideOf<T>::type;

template <class T>
T high_half(T a, T b) {
  return static_cast<T>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b) >> (8 * sizeof(T)));
}
template <class T>
T low_half(T a, T b) {
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
  else
    return static_cast<T>(static_cast<U<T>>(a) * static_cast<U<T>>(b));
}
template <class T>
T sum(T a, T b) {
  return static_cast<T>(static_cast<U<T>>(a) + static_cast<U<T>>(b));
}
template <class T>
T difference(T a, T b) {
  return static_cast<T>(static_cast<U<T>>(a) - static_cast<U<T>>(b));
}

std::int32_t clamp_s32(std::int64_t x) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int32_t>::min(),
                         kHigh = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(x < kLow ? kLow : x > kHigh ? kHigh : x);
}

/// "Division by zero yields an unspecified, machine-specific value": all ones, as the GPUs that we know give.
/// The most negative by -1 wraps.
template <class T>
T quotient(T a, T b) {
  if (b == 0) return static_cast<T>(-1);
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return difference<T>(0, a);
  }
  return static_cast<T>(a / b);
}
template <class T>
T remainder_of(T a, T b) {
  if (b == 0) return a;
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return 0;
  }
  return static_cast<T>(a % b);
}

/// mul24 and mad24 read 24 bits of each operand.
template <class T>
std::int64_t low24(T x) {
  if constexpr (std::is_signed_v<T>)
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << 8) >> 8;
  return x & 0xffffff;
}
template <class T>
T product24(T a, T b, bool high) {
  const auto product = static_cast<std::uint64_t>(low24(a) * low24(b));
  return static_cast<T>(high ? product >> 16 : product);
}

Handlers bind_mul(const Form& f) {
  if (f.has("wide")) {
    return each_integer(f.type(), []<class T>() -> Handlers {
      if constexpr (sizeof(T) == 8)
        return {};
      else
        return lanes(
            [](T a, T b) { return static_cast<Wide<T>>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b)); });
    });
  }
  if (f.has("hi"))
    return each_integer(f.type(), []<class T>() { return lanes([](T a, T b) { return high_half(a, b); }); });
  return each_integer(f.type(), []<class T>() { return lanes([](T a, T b) { return low_half(a, b); }); });
}

Handlers bind_mad(const Form& f) {
  if (f.has("wide")) {
    return each_integer(f.type(), []<class T>() -> Handlers {
      if constexpr (sizeof(T) == 8)
        return {};
      else
        return lanes([](T a, T b, Wide<T> c) {
          return sum<Wide<T>>(static_cast<Wide<T>>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b)), c);
        });
    });
  }
  if (f.has("hi")) {
    return each_integer(
        f.type(), []<class T>() { return lanes([](T a, T b, T c) { return sum(high_half(a, b), c); }); });
  }
  return each_integer(f.type(),
                      []<class T>() { return lanes([](T a, T b, T c) { return sum(low_half(a, b), c); }); });
}

template <class T>
Handlers bind_24(const Form& f) {
  const bool high = f.has("hi");
  if (f.opcode() == "mul24") {
    return high ? lanes([](T a, T b) { return product24(a, b, true); })
                : lanes([](T a, T b) { return product24(a, b, false); });
  }
  return high ? lanes([](T a, T b, T c) { return sum(product24(a, b, true), c); })
              : lanes([](T a, T b, T c) { return sum(product24(a, b, false), c); });
}

}  // namespace

std::span<const Entry> integer_family() {
  static const Entry entries[] = {
      {"add.{u16|s16|u32|s32|u64|s64} d, a, b",
       [](const Form& f) {
         return each_integer(f.type(), []<class T>() { return lanes([](T a, T b) { return sum(a, b); }); });
       }},
      {"add.sat.s32 d, a, b",
       [](const Form&) {
         return lanes([](std::int32_t a, std::int32_t b) { return clamp_s32(std::int64_t{a} + b); });
       }},
      {"sub.{u16|s16|u32|s32|u64|s64} d, a, b",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a, T b) { return difference(a, b); }); });
       }},
      {"sub.sat.s32 d, a, b",
       [](const Form&) {
         return lanes([](std::int32_t a, std::int32_t b) { return clamp_s32(std::int64_t{a} - b); });
       }},
      {"mul.{lo|hi}.{u16|s16|u32|s32|u64|s64} d, a, b", bind_mul},
      {"mul.wide.{u16|s16|u32|s32} d:wide, a, b", bind_mul},
      {"mad.{lo|hi}.{u16|s16|u32|s32|u64|s64} d, a, b, c", bind_mad},
      {"mad.wide.{u16|s16|u32|s32} d:wide, a, b, c:wide", bind_mad},
      {"mad.hi.sat.s32 d, a, b, c",
       [](const Form&) {
         return lanes([](std::int32_t a, std::int32_t b, std::int32_t c) {
           return clamp_s32(std::int64_t{high_half(a, b)} + c);
         });
       }},
      {"mul24.{lo|hi}.u32 d, a, b", bind_24<std::uint32_t>},
      {"mul24.{lo|hi}.s32 d, a, b", bind_24<std::int32_t>},
      {"mad24.{lo|hi}.u32 d, a, b, c", bind_24<std::uint32_t>},
      {"mad24.{lo|hi}.s32 d, a, b, c", bind_24<std::int32_t>},
      {"sad.{u16|s16|u32|s32|u64|s64} d, a, b, c",
       [](const Form& f) {
         return each_integer(f.type(), []<class T>() {
           return lanes([](T a, T b, T c) { return sum<T>(c, a < b ? difference(b, a) : difference(a, b)); });
         });
       }},
      {"div.{u16|s16|u32|s32|u64|s64} d, a, b",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a, T b) { return quotient(a, b); }); });
       }},
      {"rem.{u16|s16|u32|s32|u64|s64} d, a, b",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a, T b) { return remainder_of(a, b); }); });
       }},
      {"abs.{s16|s32|s64} d, a",
       [](const Form& f) {
         return each_integer(
             f.type(), []<class T>() { return lanes([](T a) { return a < 0 ? difference<T>(0, a) : a; }); });
       }},
      {"neg.{s16|s32|s64} d, a",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a) { return difference<T>(0, a); }); });
       }},
      {"min.{u16|s16|u32|s32|u64|s64} d, a, b",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a, T b) { return a < b ? a : b; }); });
       }},
      {"max.{u16|s16|u32|s32|u64|s64} d, a, b",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a, T b) { return a > b ? a : b; }); });
       }},
  };
  return entries;
}

}  // namespace softcuda::isa
