#include <algorithm>

#include "properties/tests/softcuda/isa/one_instruction.h"

/// Against arithmetic in 128 bits.
namespace softcuda::testing {
namespace {

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;

template <class T>
class Integers : public ::testing::Test {};
using Types =
    ::testing::Types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(Integers, Types);

template <class T>
std::string type() {
  return (std::is_signed_v<T> ? ".s" : ".u") + width<T>();
}
template <class T>
std::vector<std::tuple<T, T>> pairs() {
  return crossed(interesting<T>(), interesting<T>());
}
template <class T>
std::vector<std::tuple<T, T, T>> triples() {
  return crossed(interesting<T>(4), interesting<T>(4), interesting<T>(2));
}

TYPED_TEST(Integers, AddSubAndProductsWrap) {
  using T = TypeParam;
  expect_each<T>("add" + type<T>(), pairs<T>(),
                 [](T a, T b) { return static_cast<T>(static_cast<Wide>(a) + b); });
  expect_each<T>("sub" + type<T>(), pairs<T>(),
                 [](T a, T b) { return static_cast<T>(static_cast<Wide>(a) - b); });
  expect_each<T>("mul.lo" + type<T>(), pairs<T>(), [](T a, T b) {
    return static_cast<T>(static_cast<UnsignedWide>(a) * static_cast<UnsignedWide>(b));
  });
  expect_each<T>("mul.hi" + type<T>(), pairs<T>(), [](T a, T b) {
    if constexpr (std::is_same_v<T, std::uint64_t>)
      return static_cast<T>(static_cast<UnsignedWide>(a) * b >> 64);
    else
      return static_cast<T>(static_cast<Wide>(a) * b >> (8 * sizeof(T)));
  });
  expect_each<T>("mad.lo" + type<T>(), triples<T>(), [](T a, T b, T c) {
    return static_cast<T>(static_cast<UnsignedWide>(a) * static_cast<UnsignedWide>(b) +
                          static_cast<UnsignedWide>(c));
  });
}

TYPED_TEST(Integers, QuotientAndRemainder) {
  using T = TypeParam;
  auto inputs = pairs<T>();
  std::erase_if(inputs, [](const auto& in) { return std::get<1>(in) == 0; });
  expect_each<T>("div" + type<T>(), inputs,
                 [](T a, T b) { return static_cast<T>(static_cast<Wide>(a) / b); });
  expect_each<T>("rem" + type<T>(), inputs,
                 [](T a, T b) { return static_cast<T>(static_cast<Wide>(a) % b); });
}

TYPED_TEST(Integers, ZeroDividesWithoutDying) {
  using T = TypeParam;
  const auto inputs = crossed(interesting<T>(), std::vector<T>{0});
  expect_each<T>("div" + type<T>(), inputs, [](T, T) { return static_cast<T>(-1); });
}

TYPED_TEST(Integers, MinMaxSad) {
  using T = TypeParam;
  expect_each<T>("min" + type<T>(), pairs<T>(), [](T a, T b) { return std::min(a, b); });
  expect_each<T>("max" + type<T>(), pairs<T>(), [](T a, T b) { return std::max(a, b); });
  expect_each<T>("sad" + type<T>(), triples<T>(), [](T a, T b, T c) {
    const Wide d = static_cast<Wide>(a) - b;
    return static_cast<T>((d < 0 ? -d : d) + c);
  });
}

template <class T, class W>
void expect_wide() {
  expect_each<W>("mul.wide" + type<T>(), pairs<T>(),
                 [](T a, T b) { return static_cast<W>(static_cast<Wide>(a) * b); });
  expect_each<W>("mad.wide" + type<T>(), crossed(interesting<T>(4), interesting<T>(4), interesting<W>(2)),
                 [](T a, T b, W c) { return static_cast<W>(static_cast<Wide>(a) * b + c); });
}
TEST(IntegerWide, ProductsAreExact) {
  expect_wide<std::uint16_t, std::uint32_t>();
  expect_wide<std::int16_t, std::int32_t>();
  expect_wide<std::uint32_t, std::uint64_t>();
  expect_wide<std::int32_t, std::int64_t>();
}

TEST(IntegerSigned, AbsAndNegWrapAtTheLowest) {
  const auto in = crossed(interesting<std::int32_t>());
  expect_each<std::int32_t>("abs.s32", in, [](std::int32_t a) {
    return static_cast<std::int32_t>(a < 0 ? -static_cast<Wide>(a) : a);
  });
  expect_each<std::int32_t>("neg.s32", in,
                            [](std::int32_t a) { return static_cast<std::int32_t>(-static_cast<Wide>(a)); });
  expect_each<std::int64_t>("neg.s64", crossed(interesting<std::int64_t>()),
                            [](std::int64_t a) { return static_cast<std::int64_t>(-static_cast<Wide>(a)); });
  expect_each<std::int16_t>("abs.s16", crossed(interesting<std::int16_t>()),
                            [](std::int16_t a) { return static_cast<std::int16_t>(a < 0 ? -a : a); });
}

TEST(IntegerSaturating, ClampsToS32) {
  const auto clamp = [](Wide x) {
    return static_cast<std::int32_t>(std::clamp<Wide>(x, -2147483648LL, 2147483647));
  };
  expect_each<std::int32_t>("add.sat.s32", pairs<std::int32_t>(),
                            [=](std::int32_t a, std::int32_t b) { return clamp(static_cast<Wide>(a) + b); });
  expect_each<std::int32_t>("sub.sat.s32", pairs<std::int32_t>(),
                            [=](std::int32_t a, std::int32_t b) { return clamp(static_cast<Wide>(a) - b); });
}

TEST(Integer24, UsesTheLow24Bits) {
  const auto low = [](std::int32_t x) {
    return static_cast<Wide>((x & 0xffffff) - ((x & 0x800000) != 0 ? 0x1000000 : 0));
  };
  expect_each<std::int32_t>("mul24.lo.s32", pairs<std::int32_t>(), [=](std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(low(a) * low(b));
  });
  expect_each<std::uint32_t>("mul24.hi.u32", pairs<std::uint32_t>(), [](std::uint32_t a, std::uint32_t b) {
    return static_cast<std::uint32_t>(static_cast<Wide>(a & 0xffffff) * (b & 0xffffff) >> 16);
  });
}

}  // namespace
}  // namespace softcuda::testing
