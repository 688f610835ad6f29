#include <cmath>
#include <cstring>

#include "properties/tests/softcuda/isa/one_instruction.h"
#include "properties/tests/softcuda/isa/rounded_half.h"

/// Half precision against the compiler's own _Float16 and against long double, over all operands of 16 bits.
namespace softcuda::testing {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;

const std::vector<u16>& directed() {
  static const std::vector<u16> values = [] {
    std::vector<u16> v{0x0000, 0x8000, 0x0001, 0x8001, 0x007f, 0x0080, 0x03ff, 0x0400, 0x0401,
                       0x3c00, 0xbc00, 0x3bff, 0x3c01, 0x3f80, 0xbf80, 0x3f7f, 0x7bff, 0xfbff,
                       0x7c00, 0xfc00, 0x7c01, 0x7e00, 0x7f7f, 0x7f80, 0xff80, 0x7fc0, 0x7fff,
                       0xffff, 0x5555, 0xaaaa, 0x1234, 0x8765, 0x4248, 0xc248, 0x0666, 0x6800};
    std::mt19937 engine(5);
    for (int k = 0; k < 30; ++k) v.push_back(static_cast<u16>(engine()));
    return v;
  }();
  return values;
}

template <class F>
void expect_two(const std::string& name, bool bfloat, F f) {
  const std::string type = bfloat ? ".bf16" : ".f16";
  const auto pairs = crossed(directed(), directed());
  const auto expected = [&](u16 a, u16 b) { return rounded(f(value(a, bfloat), value(b, bfloat)), bfloat); };
  expect_each<u16>(name + type, pairs, expected);
  std::vector<std::tuple<u32, u32>> packed;
  for (std::size_t k = 0; k + 1 < pairs.size(); k += 2)
    packed.emplace_back(std::get<0>(pairs[k]) | u32{std::get<0>(pairs[k + 1])} << 16,
                        std::get<1>(pairs[k]) | u32{std::get<1>(pairs[k + 1])} << 16);
  expect_each<u32>(name + type + "x2", packed, [&](u32 a, u32 b) {
    return u32{expected(static_cast<u16>(a), static_cast<u16>(b))} |
           u32{expected(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16))} << 16;
  });
}

TEST(Half, SumsDifferencesAndProductsAreRoundedOnce) {
  for (const bool bfloat : {false, true}) {
    expect_two("add.rn", bfloat, [](long double a, long double b) { return a + b; });
    expect_two("sub", bfloat, [](long double a, long double b) { return a - b; });
    expect_two("mul", bfloat, [](long double a, long double b) { return a * b; });
  }
}

/// A long double holds the product exactly; the sum with c by long double's own rounding is near enough to a
/// tie only where it is one.
TEST(Half, FusedMultiplyAddIsRoundedOnce) {
  std::vector<u16> few(directed().begin(), directed().begin() + 30);
  for (const bool bfloat : {false, true}) {
    const std::string type = bfloat ? "bf16" : "f16";
    const auto exact = [&](u16 a, u16 b, u16 c) {
      const long double product = value(a, bfloat) * value(b, bfloat), addend = value(c, bfloat);
      long double sum = product + addend;
      // Where the sum was rounded to the very middle, what was lost decides.
      const long double lost =
          std::isfinite(sum)
              ? (std::fabs(product) > std::fabs(addend) ? addend - (sum - product) : product - (sum - addend))
              : 0;
      if (lost != 0) sum = std::nextafter(sum, lost > 0 ? HUGE_VALL : -HUGE_VALL);
      return sum;
    };
    expect_each<u16>("fma.rn." + type, crossed(few, few, few),
                     [&](u16 a, u16 b, u16 c) { return rounded(exact(a, b, c), bfloat); });
    expect_each<u16>("fma.rn.relu." + type, crossed(few, few, few), [&](u16 a, u16 b, u16 c) {
      const u16 r = rounded(exact(a, b, c), bfloat);
      return r == 0x7fff ? r : (r & 0x8000) != 0 ? u16{0} : r;
    });
    if (bfloat) continue;
    expect_each<u16>("fma.rn.sat.f16", crossed(few, few, few), [&](u16 a, u16 b, u16 c) {
      const long double sum = exact(a, b, c);
      return std::isnan(sum) || !(sum > 0) ? u16{0} : rounded(std::min(sum, 1.0L), bfloat);
    });
  }
}

TEST(Half, FlushToZeroIsOfTheHalfsOwnSubnormals) {
  const auto flushed = [](u16 x) { return static_cast<u16>((x & 0x7fff) < 0x0400 ? x & 0x8000 : x); };
  expect_each<u16>("add.ftz.f16", crossed(directed(), directed()), [&](u16 a, u16 b) {
    return flushed(rounded(value(flushed(a), false) + value(flushed(b), false), false));
  });
}

TEST(Half, MinimumAndMaximum) {
  for (const bool bfloat : {false, true}) {
    const std::string type = bfloat ? "bf16" : "f16";
    for (const bool nan : {false, true}) {
      const auto larger = [&](u16 a, u16 b) -> u16 {
        const long double x = value(a, bfloat), y = value(b, bfloat);
        if (std::isnan(x) || std::isnan(y)) {
          if (nan || (std::isnan(x) && std::isnan(y))) return 0x7fff;
          return std::isnan(x) ? b : a;
        }
        if (x == y) return (a & 0x8000) != 0 ? b : a;  // +0 is above -0
        return x > y ? a : b;
      };
      expect_each<u16>(std::string("max.") + (nan ? "NaN." : "") + type, crossed(directed(), directed()),
                       larger);
    }
  }
}

/// All 65,536 operands.
TEST(Half, SignsAndElementaryFunctionsOfEveryValue) {
  std::vector<std::tuple<u16>> all;
  for (u32 k = 0; k < 65536; ++k) all.emplace_back(static_cast<u16>(k));
  for (const bool bfloat : {false, true}) {
    const std::string type = bfloat ? "bf16" : "f16";
    expect_each<u16>("neg." + type, all, [](u16 a) { return static_cast<u16>(a ^ 0x8000); });
    expect_each<u16>("abs." + type, all, [](u16 a) { return static_cast<u16>(a & 0x7fff); });
    expect_each<u16>("ex2.approx." + std::string(bfloat ? "ftz." : "") + type, all, [&](u16 a) {
      const auto flushed = [&](u16 x) {
        return static_cast<u16>(bfloat && (x & 0x7fff) < 0x80 ? x & 0x8000 : x);
      };
      return flushed(rounded(std::exp2(value(flushed(a), bfloat)), bfloat));
    });
    expect_each<u16>("tanh.approx." + type, all,
                     [&](u16 a) { return rounded(std::tanh(value(a, bfloat)), bfloat); });
  }
}

TEST(Half, Comparisons) {
  const auto pairs = crossed(directed(), directed());
  const auto holds = [](const std::string& name, long double a, long double b) {
    const bool nan = std::isnan(a) || std::isnan(b);
    if (name == "eq") return a == b;
    if (name == "ne") return !nan && a != b;
    if (name == "lt") return a < b;
    if (name == "geu") return nan || a >= b;
    if (name == "num") return !nan;
    return nan;
  };
  for (const bool bfloat : {false, true}) {
    const std::string type = bfloat ? "bf16" : "f16";
    for (const std::string name : {"eq", "ne", "lt", "geu", "num", "nan"}) {
      const auto wanted = [&](u16 a, u16 b) { return holds(name, value(a, bfloat), value(b, bfloat)); };
      expect_each<bool>("setp." + name + "." + type, pairs, wanted);
      expect_each<u32>("set." + name + ".u32." + type, pairs,
                       [&](u16 a, u16 b) { return wanted(a, b) ? ~u32{0} : 0; });
      expect_each<u16>("set." + name + "." + type + "." + type, pairs,
                       [&](u16 a, u16 b) { return wanted(a, b) ? u16(bfloat ? 0x3f80 : 0x3c00) : u16{0}; });
      std::vector<std::tuple<u32, u32>> packed;
      for (std::size_t k = 0; k + 1 < pairs.size(); k += 2)
        packed.emplace_back(std::get<0>(pairs[k]) | u32{std::get<0>(pairs[k + 1])} << 16,
                            std::get<1>(pairs[k]) | u32{std::get<1>(pairs[k + 1])} << 16);
      expect_each<u32>("set." + name + ".u32." + type + "x2", packed, [&](u32 a, u32 b) {
        return (wanted(static_cast<u16>(a), static_cast<u16>(b)) ? 0xffffu : 0u) |
               (wanted(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16)) ? 0xffff0000u : 0u);
      });
    }
  }
}

}  // namespace
}  // namespace softcuda::testing
