#include <cmath>
#include <functional>

#include "properties/tests/softcuda/isa/one_instruction.h"

namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;
using i32 = std::int32_t;

TEST(Compare, Integers) {
  const auto words = crossed(interesting<u32>(), interesting<u32>());
  const auto numbers = crossed(interesting<i32>(), interesting<i32>());
  expect_each<bool>("setp.lt.u32", words, std::less<u32>());
  expect_each<bool>("setp.hi.u32", words, std::greater<u32>());
  expect_each<bool>("setp.ls.u32", words, std::less_equal<u32>());
  expect_each<bool>("setp.lt.s32", numbers, std::less<i32>());
  expect_each<bool>("setp.ge.s32", numbers, std::greater_equal<i32>());
  expect_each<bool>("setp.eq.b32", words, std::equal_to<u32>());
  expect_each<bool>("setp.ne.s64", crossed(interesting<std::int64_t>(), interesting<std::int64_t>()),
                    std::not_equal_to<std::int64_t>());
  expect_each<bool>("setp.gt.u16", crossed(interesting<std::uint16_t>(), interesting<std::uint16_t>()),
                    std::greater<std::uint16_t>());
  expect_each<bool>("setp.le.s16", crossed(interesting<std::int16_t>(), interesting<std::int16_t>()),
                    std::less_equal<std::int16_t>());
}

/// "Ordered comparisons are false, unordered ones true, when an operand is NaN."
TEST(Compare, Floats) {
  const auto inputs = crossed(interesting<float>(), interesting<float>());
  const std::pair<std::string, std::function<bool(float, float)>> ordered[] = {
      {"eq", [](float a, float b) { return a == b; }}, {"ne", [](float a, float b) { return a != b; }},
      {"lt", [](float a, float b) { return a < b; }},  {"le", [](float a, float b) { return a <= b; }},
      {"gt", [](float a, float b) { return a > b; }},  {"ge", [](float a, float b) { return a >= b; }},
  };
  for (const auto& [name, holds] : ordered) {
    const auto nan = [](float a, float b) { return std::isnan(a) || std::isnan(b); };
    expect_each<bool>("setp." + name + ".f32", inputs,
                      [&, holds = holds](float a, float b) { return !nan(a, b) && holds(a, b); });
    expect_each<bool>("setp." + name + "u.f32", inputs,
                      [&, holds = holds](float a, float b) { return nan(a, b) || holds(a, b); });
    expect_each<bool>("setp." + name + ".ftz.f32", inputs, [&, holds = holds](float a, float b) {
      return !nan(a, b) && holds(flush(a), flush(b));
    });
  }
  expect_each<bool>("setp.num.f32", inputs,
                    [](float a, float b) { return !std::isnan(a) && !std::isnan(b); });
  expect_each<bool>("setp.nan.f32", inputs, [](float a, float b) { return std::isnan(a) || std::isnan(b); });
  expect_each<bool>("setp.ltu.f64", crossed(interesting<double>(), interesting<double>()),
                    [](double a, double b) { return !(a >= b); });
}

TEST(Compare, JoinedWithAPredicate) {
  std::vector<std::tuple<i32, i32, bool>> inputs;
  for (const auto& [a, b] : crossed(interesting<i32>(4), interesting<i32>(4))) {
    inputs.emplace_back(a, b, false);
    inputs.emplace_back(a, b, true);
    inputs.emplace_back(a, b, a % 3 == 0);
  }
  expect_each<bool>("setp.lt.and.s32", inputs, [](i32 a, i32 b, bool c) { return a < b && c; });
  expect_each<bool>("setp.lt.or.s32", inputs, [](i32 a, i32 b, bool c) { return a < b || c; });
  expect_each<bool>("setp.lt.xor.s32", inputs, [](i32 a, i32 b, bool c) { return (a < b) != c; });
  expect_each<u32>("set.lt.and.u32.s32", inputs, [](i32 a, i32 b, bool c) { return a < b && c ? ~0u : 0u; });
  expect_each<float>("set.ge.f32.s32", crossed(interesting<i32>(4), interesting<i32>(4)),
                     [](i32 a, i32 b) { return a >= b ? 1.0f : 0.0f; });
}

TEST(Compare, Selection) {
  std::vector<std::tuple<u32, u32, bool>> inputs;
  for (u32 k = 0; k < 999; ++k) inputs.emplace_back(k, ~k, k % 3 == 0 || k % 7 == 1);
  expect_each<u32>("selp.b32", inputs, [](u32 a, u32 b, bool c) { return c ? a : b; });
  expect_each<u32>("slct.b32.s32", crossed(interesting<u32>(2), interesting<u32>(2), interesting<i32>()),
                   [](u32 a, u32 b, i32 c) { return c >= 0 ? a : b; });
  expect_each<u32>("slct.u32.f32", crossed(interesting<u32>(2), interesting<u32>(2), interesting<float>()),
                   [](u32 a, u32 b, float c) { return c >= 0 ? a : b; });
}

TEST(Compare, Classes) {
  const auto inputs = crossed(interesting<float>());
  expect_each<bool>("testp.finite.f32", inputs, [](float a) { return std::isfinite(a); });
  expect_each<bool>("testp.infinite.f32", inputs, [](float a) { return std::isinf(a); });
  expect_each<bool>("testp.notanumber.f32", inputs, [](float a) { return std::isnan(a); });
  expect_each<bool>("testp.normal.f32", inputs, [](float a) { return std::isnormal(a); });
  expect_each<bool>("testp.subnormal.f32", inputs,
                    [](float a) { return std::fpclassify(a) == FP_SUBNORMAL; });
}

}  // namespace
}  // namespace softcuda::testing
