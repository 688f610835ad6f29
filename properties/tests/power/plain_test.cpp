#include "properties/power/plain.h"

#include <cmath>

#include <gtest/gtest.h>

#include "harness/problem/case.h"
#include "properties/random_cases.h"
#include "reference/attention.h"
#include "reference/backward.h"
#include "reference/given.h"

// The plain implementation is right but for its roundings: in f32 it is the reference, in 16 bits nearly.

namespace flashdiff::power {
namespace {

/// Largest difference, in units of the largest magnitude that is wanted.
double distance(const LogicalTensor<float>& got, const LogicalTensor<double>& want) {
  double largest = 0, size = 1e-30;
  for (std::size_t i = 0; i < want.values().size(); ++i) {
    const double one = want.values()[i];
    if (std::isfinite(one)) size = std::max(size, std::abs(one));
    if (got.values()[i] == one) continue;
    const double error = std::abs(got.values()[i] - one);
    if (!(error <= largest)) largest = error;
  }
  return largest / size;
}

/// Random problems of a dtype, of values that no rounding of a score turns upside down.
std::vector<Problem> problems(DType dtype, Pass pass) {
  CaseOptions options;
  options.dtypes = {dtype};
  options.data = {DataFamily::normal, DataFamily::uniform};
  std::vector<Problem> made;
  for (std::uint64_t index = 0; index < 60; ++index) {
    Problem p = draw_case(7, index, options).value().problem;
    p.pass = pass;
    p.scale.reset();
    made.push_back(std::move(p));
  }
  return made;
}

TEST(Plain, ForwardIsTheReferenceButForRoundings) {
  for (const auto& [dtype, most] : {std::pair{DType::f32, 1e-5}, {DType::f16, 2e-2}, {DType::bf16, 2e-1}}) {
    double largest = 0;
    for (const Problem& p : problems(dtype, Pass::forward)) {
      const LogicalData data = make_given(p).value();
      const Plain plain = plain_attention(p, data);
      const Attention want = attention_forward(p, data);
      const double o = distance(plain.of(TensorRole::o), want.o);
      EXPECT_LE(o, most) << print({p, {}, {}});
      EXPECT_LE(distance(plain.of(TensorRole::lse), want.lse), most) << print({p, {}, {}});
      largest = std::max(largest, o);
    }
    EXPECT_GT(largest, dtype == DType::f32 ? 0 : 1e-4) << "it rounds";
  }
}

TEST(Plain, BackwardIsTheReferenceButForRoundings) {
  for (const auto& [dtype, most] : {std::pair{DType::f32, 1e-4}, {DType::f16, 5e-2}, {DType::bf16, 4e-1}})
    for (const Problem& p : problems(dtype, Pass::backward)) {
      const LogicalData data = make_given(p).value();
      const Plain plain = plain_attention(p, data);
      const Gradients want = attention_backward(p, data);
      EXPECT_LE(distance(plain.of(TensorRole::dq), want.dq), most) << print({p, {}, {}});
      EXPECT_LE(distance(plain.of(TensorRole::dk), want.dk), most) << print({p, {}, {}});
      EXPECT_LE(distance(plain.of(TensorRole::dv), want.dv), most) << print({p, {}, {}});
    }
}

}  // namespace
}  // namespace flashdiff::power
