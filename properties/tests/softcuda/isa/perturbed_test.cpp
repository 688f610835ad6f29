#include <cmath>
#include <functional>
#include <random>

#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// approx=perturbed: within the bound that the ISA gives, somewhere else than the rounded value, and the same
/// for the same seed.
namespace softcuda::testing {
namespace {

struct Bounded {
  const char* instruction;
  float low, high;
  std::function<double(double)> exact;
  double ulps, relative, absolute;  ///< any of these that is not 0 bounds the error
};

void PrintTo(const Bounded& b, std::ostream* out) { *out << b.instruction; }

const Bounded kAll[] = {
    {"ex2.approx.ftz.f32", -120, 120, [](double x) { return std::exp2(x); }, 2, 0, 0},
    {"ex2.approx.f32", -120, 120, [](double x) { return std::exp2(x); }, 2, 0, 0},
    {"lg2.approx.f32", 0.51f, 1.99f, [](double x) { return std::log2(x); }, 0, 0, 0x1p-22},
    {"lg2.approx.ftz.f32", 2, 1e30f, [](double x) { return std::log2(x); }, 0, 0x1p-22, 0},
    {"rcp.approx.ftz.f32", 1e-20f, 1e20f, [](double x) { return 1 / x; }, 1, 0, 0},
    {"sqrt.approx.f32", 1e-20f, 1e20f, [](double x) { return std::sqrt(x); }, 0, 0x1p-23, 0},
    {"rsqrt.approx.f32", 1e-20f, 1e20f, [](double x) { return 1 / std::sqrt(x); }, 0, 0x1.125fbp-23, 0},
    {"sin.approx.f32", -6.28f, 6.28f, [](double x) { return std::sin(x); }, 0, 0, 0x1.6a09ep-21},
    {"cos.approx.f32", -6.28f, 6.28f, [](double x) { return std::cos(x); }, 0, 0, 0x1.6a09ep-21},
    {"tanh.approx.f32", -5, 5, [](double x) { return std::tanh(x); }, 0, 0x1p-11, 0},
    {"div.approx.f32", 1e-20f, 1e20f, [](double x) { return 3 / x; }, 2, 0, 0},
    {"div.full.ftz.f32", 1e-20f, 1e20f, [](double x) { return 3 / x; }, 2, 0, 0},
};

std::vector<float> results(const std::string& instruction, const std::vector<float>& inputs, bool perturbed,
                           std::uint64_t seed) {
  const WithSettings some([&](auto& s) {
    s.modes.perturbed = perturbed;
    s.modes.seed = seed;
  });
  const std::string three = instruction.starts_with("div") ? ", 0f40400000" : "";
  return run_kernel(kernel_text(".reg .f32 %f<4>; ld.global.f32 %f1, [%rd1]; " + instruction + " %f1" +
                                three + ", %f1; st.global.f32 [%rd1], %f1; ret;"),
                    inputs, static_cast<std::uint32_t>(inputs.size() / 128), 128);
}

class Perturbed : public ::testing::TestWithParam<Bounded> {};

TEST_P(Perturbed, StaysWithinTheBound) {
  const Bounded& b = GetParam();
  std::mt19937_64 engine(11);
  std::vector<float> inputs(128 * 64);
  const bool wide = b.low > 0 && b.high > 1000;
  std::uniform_real_distribution<double> from(wide ? std::log(b.low) : b.low,
                                              wide ? std::log(b.high) : b.high);
  for (float& x : inputs) x = static_cast<float>(wide ? std::exp(from(engine)) : from(engine));
  const auto rounded = results(b.instruction, inputs, false, 3),
             moved = results(b.instruction, inputs, true, 3);
  EXPECT_EQ(moved, results(b.instruction, inputs, true, 3));
  EXPECT_NE(moved, results(b.instruction, inputs, true, 4));
  std::size_t elsewhere = 0;
  double largest = 0;  // of the bound
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const double exact = b.exact(static_cast<double>(inputs[k]));
    const auto near = static_cast<float>(std::fabs(exact));
    const double ulp = std::ldexp(1.0, std::ilogb(near) - 23);
    const double bound = b.ulps * ulp + b.relative * std::fabs(exact) + b.absolute;
    const double error = std::fabs(static_cast<double>(moved[k]) - exact);
    ASSERT_TRUE(error <= bound) << inputs[k] << ": " << moved[k] << ", exactly " << exact;
    largest = std::max(largest, error / bound);
    elsewhere += static_cast<std::size_t>(moved[k] != rounded[k]);
  }
  EXPECT_GT(elsewhere, inputs.size() / 8) << "hardly anything was moved";
  EXPECT_GT(largest, 0.3) << "the bound is not used";
}

TEST_P(Perturbed, LeavesListedValuesAlone) {
  constexpr float kInfinity = HUGE_VALF;
  std::vector<float> inputs(128, 0.0f);
  const float listed[] = {0.0f, -0.0f, kInfinity, -kInfinity, NAN, 1e-42f, -1e-42f};
  std::copy(std::begin(listed), std::end(listed), inputs.begin());
  const auto rounded = results(GetParam().instruction, inputs, false, 3);
  const auto moved = results(GetParam().instruction, inputs, true, 3);
  for (std::size_t k = 0; k < inputs.size(); ++k)
    EXPECT_EQ(std::bit_cast<std::uint32_t>(rounded[k]), std::bit_cast<std::uint32_t>(moved[k])) << inputs[k];
}

INSTANTIATE_TEST_SUITE_P(Approximate, Perturbed, ::testing::ValuesIn(kAll));

}  // namespace
}  // namespace softcuda::testing
