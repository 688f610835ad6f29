#include "harness/problem/numbers.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/names.h"

namespace flashdiff {
namespace {

/// A 16-bit format from its definition in IEEE 754, by arithmetic in double: sign, exponent field, fraction.
struct Definition {
  DType dtype;
  int exponent_bits, fraction_bits;
  [[nodiscard]] int bias() const { return (1 << (exponent_bits - 1)) - 1; }

  [[nodiscard]] double value(std::uint32_t bits) const {
    const std::uint32_t fraction = bits & ((1u << fraction_bits) - 1);
    const int exponent = static_cast<int>((bits >> fraction_bits) & ((1u << exponent_bits) - 1));
    const double sign = (bits >> (exponent_bits + fraction_bits)) != 0 ? -1.0 : 1.0;
    if (exponent == (1 << exponent_bits) - 1)
      return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * HUGE_VAL;
    const double significand = fraction + (exponent > 0 ? std::ldexp(1.0, fraction_bits) : 0.0);
    return sign * std::ldexp(significand, std::max(exponent, 1) - bias() - fraction_bits);
  }

  /// Round to nearest even: scale so that the format's spacing is 1, round there, scale back.
  [[nodiscard]] double nearest(double x) const {
    if (!std::isfinite(x) || x == 0) return x;
    const int exponent = std::max(std::ilogb(x), 1 - bias());
    const double spacing = std::ldexp(1.0, exponent - fraction_bits);
    const double y = std::nearbyint(x / spacing) * spacing;
    const double beyond = std::ldexp(1.0, bias() + 1);
    return std::abs(y) >= beyond ? std::copysign(HUGE_VAL, x) : y;
  }
};
constexpr Definition kHalf{DType::f16, 5, 10};
constexpr Definition kBfloat{DType::bf16, 8, 7};

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

class SixteenBits : public ::testing::TestWithParam<Definition> {};
INSTANTIATE_TEST_SUITE_P(Formats, SixteenBits, ::testing::Values(kHalf, kBfloat),
                         [](const auto& info) { return name_of(info.param.dtype); });

TEST_P(SixteenBits, EveryPatternIsTheValueOfTheDefinitionAndComesBack) {
  const Definition format = GetParam();
  for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
    const auto bits = static_cast<std::uint16_t>(pattern);
    std::byte memory[2];
    std::memcpy(memory, &bits, 2);
    const float value = load_element(format.dtype, memory);
    const double expected = format.value(pattern);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << pattern;
      ASSERT_TRUE(std::isnan(rounded(format.dtype, value))) << pattern;
      continue;
    }
    ASSERT_EQ(static_cast<double>(value), expected) << pattern;
    ASSERT_TRUE(same_bits(rounded(format.dtype, value), value)) << pattern;
    store_element(format.dtype, memory, value);
    std::uint16_t back = 0;
    std::memcpy(&back, memory, 2);
    ASSERT_EQ(back, bits);
  }
}

TEST_P(SixteenBits, BetweenTwoNeighboursTheNearestWinsAndTiesGoToEven) {
  const Definition format = GetParam();
  const std::uint32_t infinity = ((1u << format.exponent_bits) - 1) << format.fraction_bits;
  for (std::uint32_t pattern = 0; pattern < infinity; ++pattern) {
    const double low = format.value(pattern);
    const double next = std::ldexp(1.0, format.bias() + 1);  // what would stand where infinity does
    const double high = pattern + 1 == infinity ? next : format.value(pattern + 1);
    const auto middle = static_cast<float>((low + high) / 2);  // exact: a float has bits to spare
    for (float x : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, HUGE_VALF)})
      for (float signed_x : {x, -x})
        ASSERT_TRUE(same_bits(rounded(format.dtype, signed_x), static_cast<float>(format.nearest(signed_x))))
            << pattern << " " << signed_x;
  }
}

RC_GTEST_PROP(Numbers, AnyFloatRoundsAsTheDefinitionSays, (std::uint32_t bits)) {
  const float x = std::bit_cast<float>(bits);
  for (const Definition& format : {kHalf, kBfloat}) {
    const float y = rounded(format.dtype, x);
    if (std::isnan(x))
      RC_ASSERT(std::isnan(y));
    else
      RC_ASSERT(same_bits(y, static_cast<float>(format.nearest(x))));
    std::byte memory[2];
    store_element(format.dtype, memory, x);
    const float loaded = load_element(format.dtype, memory);
    RC_ASSERT(same_bits(loaded, y));  // two ways to the same bits
  }
  RC_ASSERT(same_bits(rounded(DType::f32, x), x));
}

RC_GTEST_PROP(Numbers, ARunIsItsElements, (const std::vector<float>& values)) {
  for (DType dtype : all_of<DType>) {
    std::vector<float> run = values;
    round_all(dtype, run);
    std::vector<std::byte> memory(values.size() * bytes_of(dtype));
    store_elements(dtype, memory.data(), values);
    std::vector<float> loaded(values.size());
    load_elements(dtype, memory.data(), loaded);
    for (std::size_t i = 0; i < values.size(); ++i) {
      RC_ASSERT(same_bits(run[i], rounded(dtype, values[i])));
      RC_ASSERT(same_bits(loaded[i], run[i]));
    }
  }
}

TEST(Numbers, FormatsAreWhatTheFormatHolds) {
  for (DType dtype : all_of<DType>) {
    const Format format = format_of(dtype);
    const auto fits = [dtype](double x) { return rounded(dtype, static_cast<float>(x)) == x; };
    EXPECT_TRUE(fits(format.largest_finite));
    EXPECT_TRUE(fits(format.smallest_normal));
    EXPECT_TRUE(fits(format.smallest_subnormal));
    EXPECT_TRUE(fits(1 + 2 * format.unit_roundoff));
    EXPECT_EQ(rounded(dtype, static_cast<float>(1 + format.unit_roundoff)), 1.0f);
    EXPECT_EQ(rounded(dtype, static_cast<float>(format.smallest_subnormal / 2)), 0.0f);
  }
}

}  // namespace
}  // namespace flashdiff
