#include <algorithm>
#include <cfenv>
#include <cmath>

#include "properties/tests/softcuda/isa/one_instruction.h"

/// Half precision exhaustively, the rest on directed and random values, against definitions that share
/// nothing with the handlers: halves by ldexp from their fields, roundings by search among all halves.
namespace softcuda::testing {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

float nan32() { return std::bit_cast<float>(0x7fffffffu); }

/// The value of a format with `digits` fraction bits and a bias, from its fields.
double value_of(u16 h, int fraction_bits, int bias) {
  const int fraction = h & ((1 << fraction_bits) - 1), exponent = (h & 0x7fff) >> fraction_bits,
            highest = (1 << (15 - fraction_bits)) - 1;
  const double sign = (h & 0x8000) != 0 ? -1 : 1;
  if (exponent == highest) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

/// x rounded to a format of 16 bits by search: the magnitudes of a format are in the order of their patterns.
u16 nearest(double x, int fraction_bits, int bias, const std::string& rule) {
  if (std::isnan(x)) return 0x7fff;
  const bool negative = std::signbit(x);
  const auto sign = static_cast<u16>(negative ? 0x8000 : 0);
  const int infinity = ((1 << (15 - fraction_bits)) - 1) << fraction_bits;
  const double m = std::fabs(x);
  int low = 0, high = infinity;  // the largest pattern not above m
  while (high - low > 0) {
    const int middle = (low + high + 1) / 2;
    if (value_of(static_cast<u16>(middle), fraction_bits, bias) <= m)
      low = middle;
    else
      high = middle - 1;
  }
  const double below = value_of(static_cast<u16>(low), fraction_bits, bias);
  if (below == m) return static_cast<u16>(low | sign);
  // One step above: for the last finite value that is where infinity would stand on the scale.
  const double step = low + 1 == infinity ? below - value_of(static_cast<u16>(low - 1), fraction_bits, bias)
                                          : value_of(static_cast<u16>(low + 1), fraction_bits, bias) - below;
  const double rest = m - below;
  bool up = false;
  if (rule == "rn") up = rest > step / 2 || (rest == step / 2 && (low & 1) != 0);
  if (rule == "rp") up = !negative;
  if (rule == "rm") up = negative;
  return static_cast<u16>((low + (up ? 1 : 0)) | sign);
}

std::vector<std::tuple<u16>> all_halves() {
  std::vector<std::tuple<u16>> all;
  for (u32 h = 0; h < 65536; ++h) all.emplace_back(static_cast<u16>(h));
  return all;
}
/// Every half, the middles between neighbours, and a hair to either side; random patterns.
std::vector<std::tuple<float>> floats_around_halves(int fraction_bits, int bias) {
  std::vector<std::tuple<float>> all = crossed(interesting<float>(20000));
  for (u32 h = 0; h < 65536; h += 3) {
    const auto x = static_cast<float>(value_of(static_cast<u16>(h), fraction_bits, bias));
    const auto next = static_cast<float>(value_of(static_cast<u16>(h + 1), fraction_bits, bias));
    const float middle = x + (next - x) / 2;
    for (const float y : {x, middle, std::nextafter(middle, HUGE_VALF), std::nextafter(middle, -HUGE_VALF),
                          std::nextafter(x, HUGE_VALF)})
      all.emplace_back(y);
  }
  return all;
}

TEST(Convert, EveryHalfWidens) {
  expect_each<float>("cvt.f32.f16", all_halves(), [](u16 h) {
    const double x = value_of(h, 10, 15);
    return std::isnan(x) ? nan32() : static_cast<float>(x);
  });
  expect_each<float>("cvt.f32.bf16", all_halves(), [](u16 h) {
    const double x = value_of(h, 7, 127);
    return std::isnan(x) ? nan32() : static_cast<float>(x);
  });
  expect_each<double>("cvt.f64.f16", all_halves(), [](u16 h) {
    const double x = value_of(h, 10, 15);
    return std::isnan(x) ? std::bit_cast<double>(0x7fffffffffffffffull) : x;
  });
}

TEST(Convert, FloatsNarrowToHalves) {
  for (const std::string rule : {"rn", "rz", "rm", "rp"}) {
    expect_each<u16>("cvt." + rule + ".f16.f32", floats_around_halves(10, 15),
                     [=](float x) { return nearest(x, 10, 15, rule); });
  }
  for (const std::string rule : {"rn", "rz"}) {
    expect_each<u16>("cvt." + rule + ".bf16.f32", floats_around_halves(7, 127),
                     [=](float x) { return nearest(x, 7, 127, rule); });
    expect_each<u16>("cvt." + rule + ".relu.f16.f32", floats_around_halves(10, 15),
                     [=](float x) { return nearest(x < 0 ? 0.0 : static_cast<double>(x), 10, 15, rule); });
  }
}

TEST(Convert, Pairs) {
  const auto inputs = crossed(interesting<float>(100), interesting<float>(100));
  expect_each<u32>("cvt.rn.f16x2.f32", inputs, [](float a, float b) {
    return u32{nearest(a, 10, 15, "rn")} << 16 | nearest(b, 10, 15, "rn");
  });
  expect_each<u32>("cvt.rz.bf16x2.f32", inputs, [](float a, float b) {
    return u32{nearest(a, 7, 127, "rz")} << 16 | nearest(b, 7, 127, "rz");
  });
}

TEST(Convert, DoublesToHalvesRoundOnce) {
  auto inputs = crossed(interesting<double>(2000));
  for (u32 h = 1; h < 0x7c00; h += 5) {  // just above a tie: by way of f32 it would become one
    const double x = value_of(static_cast<u16>(h), 10, 15), next = value_of(static_cast<u16>(h + 1), 10, 15);
    if (std::isfinite(next)) inputs.emplace_back(std::nextafter((x + next) / 2, 1e9));
  }
  expect_each<u16>("cvt.rn.f16.f64", inputs, [](double x) { return nearest(x, 10, 15, "rn"); });
}

template <class D, class S>
D clamped(S whole) {
  if (std::isnan(whole))
    return std::is_same_v<S, double> || sizeof(D) == 8 ? static_cast<D>(u64{1} << (8 * sizeof(D) - 1)) : D{0};
  const auto wide = static_cast<long double>(whole);
  if (wide >= static_cast<long double>(std::numeric_limits<D>::max())) return std::numeric_limits<D>::max();
  if (wide <= static_cast<long double>(std::numeric_limits<D>::min())) return std::numeric_limits<D>::min();
  return static_cast<D>(whole);
}

TEST(Convert, FloatsToIntegersClamp) {
  const auto inputs = crossed(interesting<float>(4000));
  expect_each<i32>("cvt.rzi.s32.f32", inputs, [](float x) { return clamped<i32>(std::trunc(x)); });
  expect_each<i32>("cvt.rni.s32.f32", inputs, [](float x) { return clamped<i32>(std::nearbyint(x)); });
  expect_each<i32>("cvt.rmi.s32.f32", inputs, [](float x) { return clamped<i32>(std::floor(x)); });
  expect_each<u32>("cvt.rpi.u32.f32", inputs, [](float x) { return clamped<u32>(std::ceil(x)); });
  expect_each<i64>("cvt.rzi.s64.f32", inputs, [](float x) { return clamped<i64>(std::trunc(x)); });
  expect_each<u64>("cvt.rni.u64.f32", inputs, [](float x) { return clamped<u64>(std::nearbyint(x)); });
  const auto doubles = crossed(interesting<double>(4000));
  expect_each<i32>("cvt.rzi.s32.f64", doubles, [](double x) { return clamped<i32>(std::trunc(x)); });
  expect_each<u64>("cvt.rzi.u64.f64", doubles, [](double x) { return clamped<u64>(std::trunc(x)); });
  std::vector<std::tuple<u16>> halves = all_halves();
  expect_each<i32>("cvt.rni.s32.f16", halves, [](u16 h) {
    return clamped<i32>(static_cast<float>(std::nearbyint(value_of(h, 10, 15))));
  });
}

template <class D, class S>
D by_mode(int mode, S x) {
  std::fesetround(mode);
  const volatile S in = x;
  const volatile D out = static_cast<D>(in);
  std::fesetround(FE_TONEAREST);
  return out;
}
TEST(Convert, IntegersToFloatsByEveryRule) {
  for (const auto& [rule, mode] :
       {std::pair{"rn", FE_TONEAREST}, {"rz", FE_TOWARDZERO}, {"rm", FE_DOWNWARD}, {"rp", FE_UPWARD}}) {
    const std::string name = std::string("cvt.") + rule;
    expect_each<float>(name + ".f32.s32", crossed(interesting<i32>(2000)),
                       [mode = mode](i32 x) { return by_mode<float>(mode, x); });
    expect_each<float>(name + ".f32.s64", crossed(interesting<i64>(2000)),
                       [mode = mode](i64 x) { return by_mode<float>(mode, x); });
    expect_each<double>(name + ".f64.s64", crossed(interesting<i64>(2000)),
                        [mode = mode](i64 x) { return by_mode<double>(mode, x); });
  }
  expect_each<float>("cvt.rn.f32.u64", crossed(interesting<u64>(2000)),
                     [](u64 x) { return static_cast<float>(x); });
  expect_each<float>("cvt.rn.f32.u32", crossed(interesting<u32>(2000)),
                     [](u32 x) { return static_cast<float>(x); });
  expect_each<u16>("cvt.rn.f16.s32", crossed(interesting<i32>(2000)),
                   [](i32 x) { return nearest(x, 10, 15, "rn"); });
}

TEST(Convert, BetweenIntegers) {
  expect_each<i64>("cvt.s64.s32", crossed(interesting<i32>()), [](i32 x) { return i64{x}; });
  expect_each<u64>("cvt.u64.u32", crossed(interesting<u32>()), [](u32 x) { return u64{x}; });
  expect_each<u32>("cvt.u32.u64", crossed(interesting<u64>()), [](u64 x) { return static_cast<u32>(x); });
  expect_each<u16>("cvt.u16.u32", crossed(interesting<u32>()), [](u32 x) { return static_cast<u16>(x); });
  // Registers wider than the types: only the low byte is read, and the result is extended by its own sign.
  expect_each<i32>("cvt.s32.s8", crossed(interesting<u32>()),
                   [](u32 x) { return static_cast<i32>(static_cast<std::int8_t>(x)); });
  expect_each<u32>("cvt.u8.u32", crossed(interesting<u32>()), [](u32 x) { return x & 0xff; });
  expect_each<i32>("cvt.s8.s32", crossed(interesting<i32>()),
                   [](i32 x) { return static_cast<i32>(static_cast<std::int8_t>(x)); });
  expect_each<u32>("cvt.u16.s8", crossed(interesting<u32>()),
                   [](u32 x) { return static_cast<u32>(static_cast<u16>(static_cast<std::int8_t>(x))); });
  expect_each<u32>("cvt.sat.u8.s32", crossed(interesting<i32>()),
                   [](i32 x) { return static_cast<u32>(std::clamp(x, 0, 255)); });
  expect_each<i32>("cvt.sat.s32.u32", crossed(interesting<u32>()),
                   [](u32 x) { return static_cast<i32>(std::min(x, 0x7fffffffu)); });
  expect_each<i32>("cvt.sat.s16.s64", crossed(interesting<i64>()),
                   [](i64 x) { return static_cast<i32>(std::clamp<i64>(x, -32768, 32767)); });
}

TEST(Convert, BetweenFloats) {
  const auto canonical = [](float x) { return std::isnan(x) ? nan32() : x; };
  for (const auto& [rule, mode] :
       {std::pair{"rn", FE_TONEAREST}, {"rz", FE_TOWARDZERO}, {"rm", FE_DOWNWARD}, {"rp", FE_UPWARD}}) {
    expect_each<float>(std::string("cvt.") + rule + ".f32.f64", crossed(interesting<double>(4000)),
                       [=, mode = mode](double x) { return canonical(by_mode<float>(mode, x)); });
  }
  expect_each<float>("cvt.rzi.f32.f32", crossed(interesting<float>(500)),
                     [=](float x) { return canonical(std::trunc(x)); });
  expect_each<float>("cvt.sat.f32.f32", crossed(interesting<float>(500)),
                     [](float x) { return std::isnan(x) || x <= 0 ? 0.0f : std::min(x, 1.0f); });
  expect_each<u32>("cvt.rna.tf32.f32", crossed(interesting<float>(4000)), [](float x) {
    if (std::isnan(x)) return 0x7fffffffu;
    if (std::isinf(x)) return std::bit_cast<u32>(x);
    const u32 bits = std::bit_cast<u32>(x), rest = bits & 0x1fff;
    return (bits - rest) + (rest >= 0x1000 ? 0x2000 : 0);
  });
}

/// "cvt.pack": clamped, side by side, what c holds moved up.
TEST(Pack, ClampsTwoAndKeepsWhatThereWas) {
  using i32 = std::int32_t;
  const auto values = interesting<i32>(12);
  for (const int bits : {2, 4, 8, 16}) {
    for (const bool with_sign : {false, true}) {
      const long long low = with_sign ? -(1LL << (bits - 1)) : 0,
                      high = (1LL << (with_sign ? bits - 1 : bits)) - 1;
      const auto narrow = [=](i32 x) {
        return static_cast<std::uint64_t>(std::clamp<long long>(x, low, high)) & ((1u << bits) - 1);
      };
      const std::string type = (with_sign ? "s" : "u") + std::to_string(bits);
      if (bits == 16) {
        expect_each<std::uint32_t>(
            "cvt.pack.sat." + type + ".s32", crossed(values, values),
            [=](i32 a, i32 b) { return static_cast<std::uint32_t>(narrow(a) << bits | narrow(b)); });
        continue;
      }
      expect_each<std::uint32_t>(
          "cvt.pack.sat." + type + ".s32.b32",
          crossed(values, values, std::vector<std::uint32_t>{0, 0x89abcdefu}),
          [=](i32 a, i32 b, std::uint32_t c) {
            return static_cast<std::uint32_t>(std::uint64_t{c} << 2 * bits | narrow(a) << bits | narrow(b));
          });
    }
  }
}

/// Every f16, saturated: [0, 1], NaN to +0.
TEST(Saturated, HalvesStayBetweenZeroAndOne) {
  std::vector<std::tuple<std::uint16_t>> all;
  for (std::uint32_t k = 0; k < 65536; ++k) all.emplace_back(static_cast<std::uint16_t>(k));
  expect_each<std::uint16_t>("cvt.sat.f16.f16", all, [](std::uint16_t x) -> std::uint16_t {
    const bool is_nan = (x & 0x7fff) > 0x7c00;
    return is_nan || (x & 0x8000) != 0 ? 0 : x > 0x3c00 ? 0x3c00 : x;
  });
}

}  // namespace
}  // namespace softcuda::testing
