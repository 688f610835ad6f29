#include "harness/problem/laid_out.h"

#include <cmath>
#include <cstring>
#include <set>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/data.h"
#include "harness/problem/numbers.h"
#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

RC_GTEST_PROP(LaidOut, InputsComeBackAsTheyWereWhateverTheLayout, ()) {
  const Case c = *testing::any_case();
  const LogicalData data = *make_data(c.problem);
  const LaidOut laid = lay_out(c, data);
  RC_ASSERT(same_bits(gather(laid.q).values(), data.q.values()));
  RC_ASSERT(same_bits(gather(laid.k).values(), data.k.values()));
  RC_ASSERT(same_bits(gather(laid.v).values(), data.v.values()));
  RC_ASSERT(laid.question == c);
}

RC_GTEST_PROP(LaidOut, BodiesAreAsLongAsTheirPlacementAndAlignedToSixteenBytes, ()) {
  const Case c = *testing::any_case();
  const LaidOut laid = lay_out(c, *make_data(c.problem));
  for (const LaidOutTensor* t : {&laid.q, &laid.k, &laid.v, &laid.o, &laid.lse}) {
    RC_ASSERT(t->body_bytes() == static_cast<std::size_t>(t->place.elements) * bytes_of(t->dtype));
    RC_ASSERT(reinterpret_cast<std::uintptr_t>(t->body()) % 16 == 0u);
    RC_ASSERT(t->dtype == (t->role == TensorRole::lse ? DType::f32 : c.problem.dtype));
  }
}

/// Every element of a tensor, guard bands included.
std::vector<float> all_elements(const LaidOutTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / bytes_of(tensor.dtype));
  load_elements(tensor.dtype, tensor.bytes.data(), values);
  return values;
}

struct PoisonCase {
  Poison poison;
  bool (*is)(float value, const Format& format);
  std::size_t patterns;  ///< at least so many different ones among a few thousand elements of 16 bits
};

class Poisoned : public ::testing::TestWithParam<PoisonCase> {};
INSTANTIATE_TEST_SUITE_P(
    Kinds, Poisoned,
    ::testing::Values(PoisonCase{Poison::nan, [](float x, const Format&) { return std::isnan(x); }, 100},
                      PoisonCase{Poison::inf, [](float x, const Format&) { return std::isinf(x); }, 2},
                      PoisonCase{Poison::huge,
                                 [](float x, const Format& f) {
                                   return std::abs(x) > f.largest_finite / 2 &&
                                          std::abs(x) <= f.largest_finite;
                                 },
                                 200},
                      PoisonCase{Poison::dirty, [](float x, const Format&) { return std::abs(x) < 4; }, 200}),
    [](const auto& info) { return name_of(info.param.poison); });

TEST_P(Poisoned, OutputsAreAllPoisonOfVaryingBits) {
  for (DType dtype : all_of<DType>) {
    Case c;
    c.problem.sequences = {{30, 30}, {7, 9}};
    c.problem.dtype = dtype;
    c.poison = GetParam().poison;
    const LaidOut laid = lay_out(c, *make_data(c.problem));
    for (const LaidOutTensor* tensor : {&laid.o, &laid.lse}) {
      std::set<std::string_view> patterns;
      const std::size_t size = bytes_of(tensor->dtype);
      for (std::size_t at = 0; at < tensor->bytes.size(); at += size)
        patterns.emplace(reinterpret_cast<const char*>(tensor->bytes.data()) + at, size);
      EXPECT_GE(patterns.size(), GetParam().patterns) << name_of(dtype);
      for (float x : all_elements(*tensor)) ASSERT_TRUE(GetParam().is(x, format_of(tensor->dtype))) << x;
    }
  }
}

TEST_P(Poisoned, InputsArePoisonWhereNoRowLies) {
  for (DType dtype : all_of<DType>) {
    Case c;
    c.problem.sequences = {{30, 30}, {7, 9}};
    c.problem.dtype = dtype;
    c.layout = {Padding::both, Order::bhsd, true, 2};
    c.poison = GetParam().poison;
    const LaidOut laid = lay_out(c, *make_data(c.problem));
    std::vector<float> elements = all_elements(laid.k);
    const std::size_t guard = LaidOutTensor::guard_bytes / bytes_of(dtype);
    std::vector<bool> logical(elements.size(), false);
    for (int s = 0; s < 2; ++s)
      for (int row = 0; row < laid.k.place.rows[static_cast<std::size_t>(s)]; ++row)
        for (int column = 0; column < 64; ++column)
          logical[guard + static_cast<std::size_t>(laid.k.place.address(s, row, 0) + column)] = true;
    for (std::size_t i = 0; i < elements.size(); ++i)
      ASSERT_TRUE(logical[i] || GetParam().is(elements[i], format_of(dtype))) << i << " " << elements[i];
  }
}

TEST(LaidOut, PoisonOfAnotherTensorIsOtherBits) {
  Case c;
  c.problem.sequences = {{0, 0}};  // guard bands alone, of equal sizes
  const LaidOut laid = lay_out(c, *make_data(c.problem));
  EXPECT_NE(std::memcmp(laid.o.bytes.data(), laid.v.bytes.data(), laid.o.bytes.size()), 0);
  EXPECT_NE(std::memcmp(laid.q.bytes.data(), laid.k.bytes.data(), laid.q.bytes.size()), 0);
}

TEST(LaidOut, EmptyTensorsAreGuardBandsAlone) {
  Case c;
  c.problem.sequences = {{0, 0}};
  const LaidOut laid = lay_out(c, *make_data(c.problem));
  EXPECT_EQ(laid.o.body_bytes(), 0u);
  EXPECT_EQ(laid.o.bytes.size(), 2 * LaidOutTensor::guard_bytes);
  EXPECT_TRUE(gather(laid.o).values().empty());
}

}  // namespace
}  // namespace flashdiff
