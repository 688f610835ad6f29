#include <algorithm>
#include <cfenv>
#include <cmath>

#include "properties/tests/softcuda/isa/one_instruction.h"

/// Against the processor's own arithmetic, its rounding mode switched: another way than the handlers', which
/// round to odd in double.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

float canonical(float x) { return std::isnan(x) ? std::bit_cast<float>(0x7fffffffu) : x; }
float saturate(float x) { return std::isnan(x) || x <= 0.0f ? 0.0f : std::min(x, 1.0f); }

template <class F>
float in_mode(int mode, F f) {
  std::fesetround(mode);
  const volatile float r = f();
  std::fesetround(FE_TONEAREST);
  return r;
}

struct Mode {
  std::string name;
  int mode;
};
const std::vector<Mode> kModes{
    {".rn", FE_TONEAREST}, {".rz", FE_TOWARDZERO}, {".rm", FE_DOWNWARD}, {".rp", FE_UPWARD}};

template <class F>
void expect_binary(const std::string& name, F f) {
  const auto inputs = crossed(interesting<float>(), interesting<float>());
  for (const Mode& mode : kModes) {
    const auto exact = [&](float a, float b) {
      const volatile float x = a, y = b;
      return in_mode(mode.mode, [&] { return f(x, y); });
    };
    expect_each<float>(name + mode.name + ".f32", inputs,
                       [=](float a, float b) { return canonical(exact(a, b)); });
    expect_each<float>(name + mode.name + ".ftz.f32", inputs,
                       [=](float a, float b) { return canonical(flush(exact(flush(a), flush(b)))); });
    if (name == "div") continue;
    expect_each<float>(name + mode.name + ".sat.f32", inputs,
                       [=](float a, float b) { return saturate(exact(a, b)); });
    expect_each<float>(name + mode.name + ".ftz.sat.f32", inputs,
                       [=](float a, float b) { return saturate(flush(exact(flush(a), flush(b)))); });
  }
}
TEST(Float32, Add) {
  expect_binary("add", [](float a, float b) { return a + b; });
}
TEST(Float32, Sub) {
  expect_binary("sub", [](float a, float b) { return a - b; });
}
TEST(Float32, Mul) {
  expect_binary("mul", [](float a, float b) { return a * b; });
}
TEST(Float32, Div) {
  expect_binary("div", [](float a, float b) { return a / b; });
}

TEST(Float32, FusedMultiplyAdd) {
  const auto inputs = crossed(interesting<float>(8), interesting<float>(8), interesting<float>(8));
  for (const Mode& mode : kModes) {
    const auto exact = [&](float a, float b, float c) {
      const volatile float x = a, y = b, z = c;
      return in_mode(mode.mode, [&] { return std::fma(x, y, z); });
    };
    expect_each<float>("fma" + mode.name + ".f32", inputs,
                       [=](float a, float b, float c) { return canonical(exact(a, b, c)); });
    expect_each<float>("fma" + mode.name + ".ftz.f32", inputs, [=](float a, float b, float c) {
      return canonical(flush(exact(flush(a), flush(b), flush(c))));
    });
    expect_each<float>("fma" + mode.name + ".sat.f32", inputs,
                       [=](float a, float b, float c) { return saturate(exact(a, b, c)); });
  }
}

TEST(Float32, ReciprocalAndRoot) {
  const auto inputs = crossed(interesting<float>(2000));
  for (const Mode& mode : kModes) {
    expect_each<float>("rcp" + mode.name + ".f32", inputs, [&](float a) {
      const volatile float x = a;
      return canonical(in_mode(mode.mode, [&] { return 1.0f / x; }));
    });
    expect_each<float>("sqrt" + mode.name + ".f32", inputs, [&](float a) {
      const volatile float x = a;
      return canonical(in_mode(mode.mode, [&] { return std::sqrt(x); }));
    });
  }
}

TEST(Float32, SignsAndExtremes) {
  const auto one = crossed(interesting<float>());
  const auto two = crossed(interesting<float>(), interesting<float>());
  const auto sign = [](float x, u32 bits) {
    return std::bit_cast<float>(bits | (std::bit_cast<u32>(x) & 0x7fffffffu));
  };
  expect_each<float>("abs.f32", one, [=](float a) { return sign(a, 0); });
  expect_each<float>("neg.f32", one, [=](float a) { return sign(a, ~std::bit_cast<u32>(a) & 0x80000000u); });
  expect_each<float>("abs.ftz.f32", one, [=](float a) { return sign(flush(a), 0); });
  expect_each<float>("copysign.f32", two,
                     [=](float a, float b) { return sign(b, std::bit_cast<u32>(a) & 0x80000000u); });

  // IEEE 754-2019 minimumNumber and maximumNumber; with .NaN, minimum and maximum.
  const auto least = [](float a, float b) {
    return std::isnan(a) ? b : std::isnan(b) ? a : a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
  };
  const auto most = [](float a, float b) {
    return std::isnan(a) ? b : std::isnan(b) ? a : a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
  };
  const auto nan = [](float a, float b, float r) {
    return std::isnan(a) || std::isnan(b) ? canonical(std::nanf("")) : r;
  };
  expect_each<float>("min.f32", two, [=](float a, float b) { return canonical(least(a, b)); });
  expect_each<float>("max.f32", two, [=](float a, float b) { return canonical(most(a, b)); });
  expect_each<float>("min.NaN.f32", two, [=](float a, float b) { return nan(a, b, least(a, b)); });
  expect_each<float>("max.ftz.NaN.f32", two,
                     [=](float a, float b) { return nan(a, b, most(flush(a), flush(b))); });
  expect_each<float>("max.ftz.f32", two,
                     [=](float a, float b) { return canonical(most(flush(a), flush(b))); });
}

}  // namespace
}  // namespace softcuda::testing
