#include "reference/backward.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>

#include "harness/problem/random_bits.h"
#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/naive_attention.h"
#include "reference/attention.h"

namespace flashdiff {
namespace {

using testing::data_of;
using testing::largest_magnitude;
using testing::one_sequence;
using testing::small_backward_problem;

/// Largest |got - want| in units of what the element's terms add up to; these are raised to where the
/// reference no longer follows weights (e^-700, times a row of large numbers): a sink may leave keys that
/// much less.
double apart(const LogicalTensor<double>& got, const LogicalTensor<double>& want,
             const LogicalTensor<double>& magnitude) {
  EXPECT_EQ(got.values().size(), want.values().size());
  double largest = 0;
  for (std::size_t i = 0; i < got.values().size(); ++i) {
    if (got.values()[i] == want.values()[i]) continue;
    const double use = std::fabs(got.values()[i] - want.values()[i]) / (magnitude.values()[i] + 1e-290);
    largest = std::isnan(use) ? std::numeric_limits<double>::infinity() : std::max(largest, use);
  }
  return largest;
}

TEST(Backward, AgreesWithTheDefinitionInLongDouble) {
  for (std::uint64_t number = 0; number < 600; ++number) {
    const Problem problem = small_backward_problem(number);
    const LogicalData data = data_of(problem);
    const Gradients got = attention_backward(problem, data);
    const testing::NaiveGradients want = testing::naive_backward(problem, data);
    // A score is uncertain by a few units in the last place of its largest product, and so is its weight.
    const double scores =
        problem.softmax_scale() * problem.d_qk * largest_magnitude(data.q) * largest_magnitude(data.k);
    const double tolerance = 4 * 0x1p-53 * ((problem.d_qk + 8) * (1 + scores) + 1000);
    EXPECT_LE(apart(got.dq, want.values.dq, want.magnitudes.dq), tolerance) << number;
    EXPECT_LE(apart(got.dk, want.values.dk, want.magnitudes.dk), tolerance) << number;
    EXPECT_LE(apart(got.dv, want.values.dv, want.magnitudes.dv), tolerance) << number;
  }
}

/// The loss whose gradient with respect to O is dO.
double loss(const Problem& problem, const LogicalData& data) {
  const Attention forward = attention_forward(problem, data);
  double sum = 0;
  for (std::size_t i = 0; i < forward.o.values().size(); ++i)
    sum += forward.o.values()[i] * static_cast<double>(data.d_o.values()[i]);
  return sum;
}

/// The formula itself: central differences of the forward pass along a random direction of one input, which
/// knows nothing of P, D or dS.
TEST(Backward, IsTheSlopeOfTheForwardPass) {
  int compared = 0;
  for (std::uint64_t number = 0; number < 300; ++number) {
    Problem problem = small_backward_problem(number);
    problem.dtype = DType::f32;  // O in f32 is exact enough for differences that see 1e-6
    problem.data = number % 2 == 0 ? DataFamily::normal : DataFamily::uniform;
    const LogicalData data = data_of(problem);
    const Gradients gradients = attention_backward(problem, data);
    const std::pair<LogicalTensor<float> LogicalData::*, LogicalTensor<double> Gradients::*> inputs[] = {
        {&LogicalData::q, &Gradients::dq},
        {&LogicalData::k, &Gradients::dk},
        {&LogicalData::v, &Gradients::dv}};
    for (const auto& [input, gradient] : inputs) {
      LogicalData above = data, below = data;
      double predicted = 0, size = 0;
      const auto slopes = (gradients.*gradient).values();
      for (std::size_t i = 0; i < slopes.size(); ++i) {
        const float step = (detail::folded(number, i) & 1) != 0 ? 0x1p-11f : -0x1p-11f;
        float& up = (above.*input).values()[i];
        float& down = (below.*input).values()[i];
        up += step;
        down -= step;
        const double way = static_cast<double>(up) - static_cast<double>(down);
        predicted += slopes[i] * way;
        size += std::fabs(slopes[i] * way);
      }
      if (size == 0) continue;
      const double found = loss(problem, above) - loss(problem, below);
      // 1e-9: the loss itself in double, and a softmax over one key, whose slope is what rounding left.
      EXPECT_NEAR(found, predicted, 2e-4 * size + 1e-9) << number;
      ++compared;
    }
  }
  EXPECT_GT(compared, 500);
}

/// One pair by hand: x = 1, softcap 2, so tanh(1/2) and its slope; a sink as heavy as the key halves P.
TEST(Backward, SoftcapAndSinkOfOnePair) {
  Problem problem = one_sequence(1, 1, 1);
  problem.pass = Pass::backward;
  problem.scale = 1.0f;
  problem.softcap = 2.0f;
  const double capped = 2 * std::tanh(0.5);
  problem.sink = Sink{static_cast<float>(capped)};
  LogicalData data = data_of(problem);
  *data.q.row(0, 0, 0) = *data.k.row(0, 0, 0) = *data.v.row(0, 0, 0) = *data.d_o.row(0, 0, 0) = 1.0f;
  *data.o.row(0, 0, 0) = 0.5f;
  *data.lse.row(0, 0, 0) = static_cast<float>(capped + std::log(2.0));
  const Gradients out = attention_backward(problem, data);
  const double slope = 1 - std::tanh(0.5) * std::tanh(0.5);
  EXPECT_NEAR(out.dv.row(0, 0, 0)[0], 0.5, 1e-6);
  EXPECT_NEAR(out.dq.row(0, 0, 0)[0], 0.5 * (1 - 0.5) * slope, 1e-6);
  EXPECT_NEAR(out.dk.row(0, 0, 0)[0], 0.5 * (1 - 0.5) * slope, 1e-6);
}

/// Its LSE is then the sink, and finite.
TEST(Backward, AQueryThatSeesItsSinkAloneHasNoGradientAndAddsNone) {
  Problem problem = one_sequence(30, 10, 8);
  problem.pass = Pass::backward;
  problem.mask = {.kind = MaskKind::causal_bottom_right};
  problem.sink = Sink{0.5f};
  LogicalData data = data_of(problem);
  const Gradients before = attention_backward(problem, data);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(*data.lse.row(0, 0, i), 0.5f) << i;
    for (int c = 0; c < 8; ++c) EXPECT_EQ(before.dq.row(0, 0, i)[c], 0.0) << i;
    for (int c = 0; c < 8; ++c) data.d_o.row(0, 0, i)[c] = data.q.row(0, 0, i)[c] = 1e6f;
  }
  EXPECT_NE(before.dq.row(0, 0, 20)[0], 0.0) << "one key and the sink: P < 1";
  const Gradients after = attention_backward(problem, data);
  EXPECT_TRUE(std::equal(before.dk.values().begin(), before.dk.values().end(), after.dk.values().begin()));
  EXPECT_TRUE(std::equal(before.dv.values().begin(), before.dv.values().end(), after.dv.values().begin()));
}

TEST(Backward, AQueryThatSeesNoKeyHasNoGradientAndAddsNone) {
  Problem problem = one_sequence(70, 40, 8);
  problem.pass = Pass::backward;
  problem.mask = {.kind = MaskKind::causal_bottom_right};  // the first 30 queries stand before the first key
  LogicalData data = data_of(problem);
  const Gradients before = attention_backward(problem, data);
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(std::isinf(*data.lse.row(0, 0, i)), i < 30) << i;
    for (int c = 0; c < 8; ++c) EXPECT_EQ(before.dq.row(0, 0, i)[c] == 0, i <= 30) << i;  // one key: P = 1
  }
  for (int i = 0; i < 30; ++i)
    for (int c = 0; c < 8; ++c) data.d_o.row(0, 0, i)[c] = data.q.row(0, 0, i)[c] = 1e6f;
  const Gradients after = attention_backward(problem, data);
  EXPECT_TRUE(std::equal(before.dk.values().begin(), before.dk.values().end(), after.dk.values().begin()));
  EXPECT_TRUE(std::equal(before.dv.values().begin(), before.dv.values().end(), after.dv.values().begin()));
}

TEST(Backward, KeysThatNoQuerySeesHaveNoGradient) {
  Problem problem = one_sequence(20, 100, 8);
  problem.pass = Pass::backward;
  problem.mask = {.kind = MaskKind::causal_top_left};
  const Gradients out = attention_backward(problem, data_of(problem));
  for (int j = 0; j < 100; ++j)
    for (int c = 0; c < 8; ++c) {
      EXPECT_EQ(out.dk.row(0, 0, j)[c] != 0, j < 20) << j;
      EXPECT_EQ(out.dv.row(0, 0, j)[c] != 0, j < 20) << j;
    }
}

TEST(Backward, SequencesWithoutQueriesOrKeysAreZeros) {
  Problem problem;
  problem.sequences = {{0, 5}, {4, 0}, {0, 0}, {3, 3}};
  problem.d_qk = problem.d_v = 4;
  problem.pass = Pass::backward;
  const Gradients out = attention_backward(problem, data_of(problem));
  for (int j = 0; j < 5; ++j) EXPECT_EQ(out.dk.row(0, 0, j)[0], 0.0);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(out.dq.row(1, 0, i)[0], 0.0);
  EXPECT_NE(out.dq.row(3, 0, 2)[0], 0.0);
}

/// dK and dV of a shared head are the sums of what the heads would have alone.
TEST(Backward, HeadsThatShareKeysAddUp) {
  Problem shared = one_sequence(50, 70, 16);
  shared.pass = Pass::backward;
  shared.h_q = 3;
  const LogicalData data = data_of(shared);
  const Gradients all = attention_backward(shared, data);
  Problem alone = shared;
  alone.h_q = 1;
  LogicalTensor<double> dk(std::vector{70}, 1, 16);
  for (int head = 0; head < 3; ++head) {
    LogicalData one = data_of(alone);
    one.k = data.k;
    one.v = data.v;
    for (const auto tensor : {&LogicalData::q, &LogicalData::o, &LogicalData::lse, &LogicalData::d_o})
      std::copy_n((data.*tensor).matrix(0, head), (one.*tensor).values().size(), (one.*tensor).matrix(0, 0));
    const Gradients part = attention_backward(alone, one);
    for (std::size_t i = 0; i < dk.values().size(); ++i) dk.values()[i] += part.dk.values()[i];
    for (int c = 0; c < 16; ++c) EXPECT_NEAR(part.dq.row(0, 0, 7)[c], all.dq.row(0, head, 7)[c], 1e-12);
  }
  for (std::size_t i = 0; i < dk.values().size(); ++i) EXPECT_NEAR(dk.values()[i], all.dk.values()[i], 1e-12);
}

}  // namespace
}  // namespace flashdiff
