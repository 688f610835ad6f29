#include "properties/tests/reference/any_problem.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "reference/given.h"

namespace flashdiff::testing {
namespace {

/// Draws that do not depend on the standard library's distributions.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T, std::size_t n>
  T of(const std::array<T, n>& choices) {
    return choices[static_cast<std::size_t>(below(static_cast<int>(n)))];
  }

 private:
  std::mt19937_64 engine_;
};

constexpr std::array kFamilies{DataFamily::normal,     DataFamily::uniform, DataFamily::equal,
                               DataFamily::huge,       DataFamily::tiny,    DataFamily::very_negative,
                               DataFamily::rising,     DataFamily::falling, DataFamily::one_hot,
                               DataFamily::alternating};
constexpr std::array kLengths{0, 1, 2, 7, 31, 33, 63, 64, 65, 100, 129};
constexpr std::array kHeadDims{1, 5, 8, 16, 24, 32, 40};

Mask any_mask(Draw& draw) {
  switch (draw.below(4)) {
    case 0: return {};
    case 1: return {.kind = MaskKind::causal_top_left};
    case 2: return {.kind = MaskKind::causal_bottom_right};
    default:
      return {.kind = MaskKind::window,
              .left = draw.one_in(4) ? Mask::unbounded : draw.below(50),
              .right = draw.one_in(4) ? Mask::unbounded : draw.below(20)};
  }
}

}  // namespace

Problem small_problem(std::uint64_t number) {
  Draw draw(number);
  Problem problem;
  problem.seed = number;
  problem.data = kFamilies[number % kFamilies.size()];
  problem.dtype = draw.of(std::array{DType::f32, DType::f16, DType::bf16});
  for (int sequences = 1 + draw.below(2); sequences > 0; --sequences) {
    const int q_len = draw.of(kLengths);
    problem.sequences.push_back({q_len, draw.one_in(2) ? q_len : draw.of(kLengths)});
  }
  problem.h_kv = 1 + draw.below(2);
  problem.h_q = problem.h_kv * draw.of(std::array{1, 1, 2, 3});
  problem.d_qk = draw.of(kHeadDims);
  problem.d_v = draw.of(kHeadDims);
  problem.mask = any_mask(draw);
  if (draw.one_in(4)) problem.scale = draw.of(std::array{0.01f, 0.3f, 1.0f});
  if (draw.one_in(5)) problem.softcap = draw.of(std::array{0.5f, 5.0f, 30.0f, 50.0f});
  problem.alibi = draw.one_in(5);
  if (draw.one_in(5)) problem.sink = draw.of(std::array<Sink, 4>{Sink{}, Sink{}, {0.0f}, {-300.0f}});
  return problem;
}

Problem one_sequence(int q_len, int kv_len, int d, DType dtype) {
  Problem problem;
  problem.sequences = {{q_len, kv_len}};
  problem.d_qk = problem.d_v = d;
  problem.dtype = dtype;
  problem.seed = 1;
  return problem;
}

Problem small_backward_problem(std::uint64_t number) {
  Problem problem = small_problem(number);
  problem.pass = Pass::backward;
  return problem;
}

LogicalData data_of(const Problem& problem) { return make_given(problem).value(); }

double largest_magnitude(const LogicalTensor<float>& tensor) {
  double largest = 0;
  for (float value : tensor.values()) largest = std::max(largest, std::fabs(static_cast<double>(value)));
  return largest;
}

}  // namespace flashdiff::testing
