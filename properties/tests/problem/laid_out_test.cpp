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
  const LogicalData data = testing::any_data(c.problem);
  const LaidOut laid = lay_out(c, data);
  const bool append = c.problem.pass == Pass::append;
  RC_ASSERT(same_bits(gather(laid.q).values(), data.q.values()));
  RC_ASSERT(same_bits(gather(append ? laid.k_new : laid.k).values(), data.k.values()));
  RC_ASSERT(same_bits(gather(append ? laid.v_new : laid.v).values(), data.v.values()));
  RC_ASSERT(laid.question == c);
  if (append) RC_ASSERT(same_bits(gather(laid.rope).values(), data.rope.values()));
  if (c.problem.pass != Pass::backward) return;
  RC_ASSERT(same_bits(gather(laid.o).values(), data.o.values()));
  RC_ASSERT(same_bits(gather(laid.lse).values(), data.lse.values()));
  RC_ASSERT(same_bits(gather(laid.d_o).values(), data.d_o.values()));
}

RC_GTEST_PROP(LaidOut, HasTheTensorsOfItsPassAndNoOthers, ()) {
  const Case c = *testing::any_case();
  const LaidOut laid = testing::laid_out(c);
  const auto has = [](std::span<const TensorRole> roles, TensorRole role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  for (TensorRole role : testing::every_role) {
    const bool in = has(inputs_of(c.problem.pass), role), out = has(outputs_of(c.problem.pass), role);
    RC_ASSERT(!(in && out));
    RC_ASSERT(laid.of(role).bytes.empty() == !(in || out));
    RC_ASSERT(laid.of(role).output == out);
    if (in || out) RC_ASSERT(laid.of(role).role == role);
  }
}

TEST(LaidOut, ABackwardCaseWithoutTheForwardsResultsIsABugOfTheCaller) {
  Case c;
  c.problem.sequences = {{3, 3}};
  c.problem.pass = Pass::backward;
  EXPECT_THROW((void)lay_out(c, *make_data(c.problem)), std::invalid_argument);
}

RC_GTEST_PROP(LaidOut, BodiesAreAsLongAsTheirPlacementAndAlignedToSixteenBytes, ()) {
  const Case c = *testing::any_case();
  const LaidOut laid = testing::laid_out(c);
  for (TensorRole role : testing::every_role) {
    const LaidOutTensor* const t = &laid.of(role);
    if (t->bytes.empty()) continue;
    RC_ASSERT(t->body_bytes() == static_cast<std::size_t>(t->place.elements) * bytes_of(t->dtype));
    RC_ASSERT(reinterpret_cast<std::uintptr_t>(t->body()) % 16 == 0u);
    const bool is_f32 = t->role == TensorRole::lse || t->role == TensorRole::rope;
    RC_ASSERT(t->dtype == (is_f32 ? DType::f32 : c.problem.dtype));
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
  for (Pass pass : all_of<Pass>)
    for (DType dtype : all_of<DType>) {
      Case c;
      c.problem.sequences = {{30, 30}, {7, 9}};
      c.problem.dtype = dtype;
      c.problem.pass = pass;
      c.poison = GetParam().poison;
      const LaidOut laid = testing::laid_out(c);
      for (TensorRole role : outputs_of(pass)) {
        const LaidOutTensor& tensor = laid.of(role);
        std::set<std::string_view> patterns;
        const std::size_t size = bytes_of(tensor.dtype);
        for (std::size_t at = 0; at < tensor.bytes.size(); at += size)
          patterns.emplace(reinterpret_cast<const char*>(tensor.bytes.data()) + at, size);
        EXPECT_GE(patterns.size(), GetParam().patterns) << name_of(dtype) << " " << name_of(role);
        for (float x : all_elements(tensor)) ASSERT_TRUE(GetParam().is(x, format_of(tensor.dtype))) << x;
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
    const LaidOut laid = testing::laid_out(c);
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
  const LaidOut laid = testing::laid_out(c);
  EXPECT_NE(std::memcmp(laid.o.bytes.data(), laid.v.bytes.data(), laid.o.bytes.size()), 0);
  EXPECT_NE(std::memcmp(laid.q.bytes.data(), laid.k.bytes.data(), laid.q.bytes.size()), 0);
}

TEST(LaidOut, EmptyTensorsAreGuardBandsAlone) {
  Case c;
  c.problem.sequences = {{0, 0}};
  const LaidOut laid = testing::laid_out(c);
  EXPECT_EQ(laid.o.body_bytes(), 0u);
  EXPECT_EQ(laid.o.bytes.size(), 2 * LaidOutTensor::guard_bytes);
  EXPECT_TRUE(gather(laid.o).values().empty());
}

}  // namespace
}  // namespace flashdiff
