#include <cfenv>
#include <cmath>

#include "properties/tests/softcuda/isa/one_instruction.h"

/// Against x87's 64-bit significands where they settle the rounding, else the processor's own modes.
namespace softcuda::testing {
namespace {

double canonical(double x) { return std::isnan(x) ? std::bit_cast<double>(0x7fffffffffffffffull) : x; }

template <class F>
double in_mode64(int mode, F f) {
  std::fesetround(mode);
  const volatile double r = f();
  std::fesetround(FE_TONEAREST);
  return canonical(r);
}
const std::pair<std::string, int> kModes64[] = {
    {".rn", FE_TONEAREST}, {".rz", FE_TOWARDZERO}, {".rm", FE_DOWNWARD}, {".rp", FE_UPWARD}};

TEST(Float64, Arithmetic) {
  const auto two = crossed(interesting<double>(), interesting<double>());
  const auto three = crossed(interesting<double>(8), interesting<double>(8), interesting<double>(8));
  for (const auto& [name, mode] : kModes64) {
    const auto by = [mode = mode](auto f) {
      return [mode, f](double a, double b) {
        const volatile double x = a, y = b;
        return in_mode64(mode, [&] { return f(x, y); });
      };
    };
    expect_each<double>("add" + name + ".f64", two, by([](double a, double b) { return a + b; }));
    expect_each<double>("sub" + name + ".f64", two, by([](double a, double b) { return a - b; }));
    expect_each<double>("mul" + name + ".f64", two, by([](double a, double b) { return a * b; }));
    expect_each<double>("div" + name + ".f64", two, by([](double a, double b) { return a / b; }));
    expect_each<double>("fma" + name + ".f64", three, [mode = mode](double a, double b, double c) {
      const volatile double x = a, y = b, z = c;
      return in_mode64(mode, [&] { return std::fma(x, y, z); });
    });
    expect_each<double>("sqrt" + name + ".f64", crossed(interesting<double>()), [mode = mode](double a) {
      const volatile double x = a;
      return in_mode64(mode, [&] { return std::sqrt(x); });
    });
  }
}

TEST(Float64, ExtremesAndSigns) {
  const auto two = crossed(interesting<double>(), interesting<double>());
  expect_each<double>("min.f64", two, [](double a, double b) {
    return canonical(std::isnan(a)   ? b
                     : std::isnan(b) ? a
                     : a == b        ? (std::signbit(a) ? a : b)
                                     : std::fmin(a, b));
  });
  expect_each<double>("max.f64", two, [](double a, double b) {
    return canonical(std::isnan(a)   ? b
                     : std::isnan(b) ? a
                     : a == b        ? (std::signbit(a) ? b : a)
                                     : std::fmax(a, b));
  });
  expect_each<double>("neg.f64", crossed(interesting<double>()), [](double a) { return -a; });
}

/// The gross forms: 20 bits of fraction of an operand of which 20 count; subnormals are zeros. "2^-20" of the
/// ISA's tables, half of it by rounding.
TEST(Float64, GrossReciprocalsAndRoots) {
  auto inputs = crossed(interesting<double>(2000));
  for (const bool root : {false, true}) {
    const std::string name = root ? "rsqrt.approx.ftz.f64" : "rcp.approx.ftz.f64";
    const auto got = run_each<double>(name, inputs);
    ASSERT_EQ(got.size(), inputs.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      double x = std::get<0>(inputs[i]);
      const auto bits = std::bit_cast<std::uint64_t>(got[i]);
      EXPECT_EQ(bits & 0xffffffffu, 0u) << name << " " << x;
      if (std::fpclassify(x) == FP_SUBNORMAL) x = std::copysign(0.0, x);
      const long double exact =
          root ? 1 / std::sqrt(static_cast<long double>(x)) : 1 / static_cast<long double>(x);
      if (std::isnan(exact)) {
        EXPECT_EQ(bits, 0x7fffffff00000000u) << name << " " << x;
      } else if (std::isinf(exact) || exact == 0) {
        EXPECT_EQ(got[i], static_cast<double>(exact)) << name << " " << x;
      } else if (std::fabs(exact) < 0x1p-1022L) {
        EXPECT_EQ(got[i], std::copysign(0.0, x)) << name << " " << x;
      } else {
        EXPECT_LE(std::fabs(got[i] - exact), std::fabs(exact) * 0x1p-19L) << name << " " << x;
      }
    }
  }
  expect_each<double>("rsqrt.approx.f64", inputs, [](double x) {
    const double r = 1 / std::sqrt(x);
    return std::isnan(r) ? std::bit_cast<double>(0x7fffffffffffffffull) : r;
  });
}

}  // namespace
}  // namespace softcuda::testing
