#include <cmath>

#include "properties/tests/softcuda/isa/one_instruction.h"

/// Against libm in long double, rounded once. All but a few arguments in ten thousand must give the correctly
/// rounded value, and none may be off by more than one place: far inside the ISA's bounds.
namespace softcuda::testing {
namespace {

using Extended = long double;

std::int64_t place_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  return bits < 0 ? -static_cast<std::int64_t>(bits & 0x7fffffff) : bits;
}
float flush(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

template <class F>
void expect_nearly(const std::string& instruction, const std::vector<std::tuple<float>>& inputs, F exact,
                   bool ftz) {
  const auto got = run_each<float>(instruction, inputs);
  ASSERT_EQ(got.size(), inputs.size());
  int off = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const float x = ftz ? flush(std::get<0>(inputs[i])) : std::get<0>(inputs[i]);
    float wanted = static_cast<float>(exact(static_cast<Extended>(x)));
    if (ftz) wanted = flush(wanted);
    if (std::isnan(wanted)) {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(got[i]), 0x7fffffffu) << instruction << " " << x;
      continue;
    }
    const std::int64_t distance = std::abs(place_of(wanted) - place_of(got[i]));
    off += distance != 0 ? 1 : 0;
    EXPECT_LE(distance, ftz && (wanted == 0 || got[i] == 0) ? (1 << 23) : 1)
        << instruction << " " << x << ": " << wanted << " " << got[i];
  }
  EXPECT_LE(off, static_cast<int>(inputs.size() / 2000)) << instruction;
}

std::vector<std::tuple<float>> between(float low, float high, int count) {
  auto inputs = crossed(interesting<float>(2000));
  std::mt19937 engine(7);
  std::uniform_real_distribution<float> in(low, high);
  for (int k = 0; k < count; ++k) inputs.emplace_back(in(engine));
  return inputs;
}

TEST(Approximate, Exp2) {
  for (const bool ftz : {false, true}) {
    expect_nearly(
        ftz ? "ex2.approx.ftz.f32" : "ex2.approx.f32", between(-155, 130, 60000),
        [](Extended x) { return std::exp2(x); }, ftz);
    expect_nearly(
        ftz ? "ex2.approx.ftz.f32" : "ex2.approx.f32", between(-1, 1, 60000),
        [](Extended x) { return std::exp2(x); }, ftz);
  }
}
TEST(Approximate, Log2) {
  for (const bool ftz : {false, true}) {
    expect_nearly(
        ftz ? "lg2.approx.ftz.f32" : "lg2.approx.f32", between(0, 4, 60000),
        [](Extended x) { return std::log2(x); }, ftz);
  }
}
TEST(Approximate, ReciprocalsAndRoots) {
  expect_nearly(
      "rcp.approx.ftz.f32", between(-10, 10, 20000), [](Extended x) { return 1 / x; }, true);
  expect_nearly(
      "rcp.approx.f32", between(-10, 10, 20000), [](Extended x) { return 1 / x; }, false);
  expect_nearly(
      "sqrt.approx.f32", between(0, 10, 20000), [](Extended x) { return std::sqrt(x); }, false);
  expect_nearly(
      "rsqrt.approx.ftz.f32", between(0, 10, 20000), [](Extended x) { return 1 / std::sqrt(x); }, true);
}
TEST(Approximate, Tanh) {
  expect_nearly(
      "tanh.approx.f32", between(-12, 12, 60000), [](Extended x) { return std::tanh(x); }, false);
  expect_nearly(
      "tanh.approx.f32", between(-0.01f, 0.01f, 60000), [](Extended x) { return std::tanh(x); }, false);
}
TEST(Approximate, SineAndCosine) {
  expect_nearly(
      "sin.approx.f32", between(-10, 10, 20000), [](Extended x) { return std::sin(x); }, false);
  expect_nearly(
      "cos.approx.ftz.f32", between(-10, 10, 20000), [](Extended x) { return std::cos(x); }, true);
}

/// "div.approx": exact cases, and the range where the reciprocal is flushed.
TEST(Approximate, Division) {
  const auto inputs = crossed(interesting<float>(200), interesting<float>(200));
  const auto canonical = [](float x) { return std::isnan(x) ? std::bit_cast<float>(0x7fffffffu) : x; };
  expect_each<float>("div.full.f32", inputs, [=](float a, float b) { return canonical(a / b); });
  expect_each<float>("div.approx.f32", inputs, [=](float a, float b) {
    const bool huge = std::fabs(b) > 0x1p126f && std::isfinite(b);
    if (!huge) return canonical(a / b);
    return std::isfinite(a) ? std::copysign(0.0f, std::signbit(a) != std::signbit(b) ? -1.0f : 1.0f)
                            : canonical(std::nanf(""));
  });
}

}  // namespace
}  // namespace softcuda::testing
