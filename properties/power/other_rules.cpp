#include "properties/power/other_rules.h"

#include <algorithm>
#include <cmath>

#include "harness/oracle/expected.h"
#include "harness/problem/numbers.h"

namespace flashdiff::power {
namespace {

using Said = std::optional<bool>;

double error(double got, double want) { return got == want ? 0 : std::abs(got - want); }

/// Largest error, and mean; NaN where there is one.
struct Errors {
  double largest = 0, mean = 0;
};
Errors errors(const LogicalTensor<float>& got, const LogicalTensor<double>& want) {
  Errors e;
  for (std::size_t i = 0; i < want.values().size(); ++i) {
    const double one = error(got.values()[i], want.values()[i]);
    e.mean += one;
    if (!(one <= e.largest)) e.largest = one;
    if (std::isnan(one)) return {one, one};
  }
  if (!want.values().empty()) e.mean /= static_cast<double>(want.values().size());
  return e;
}
Errors errors(const Shown& s, TensorRole role) { return errors(s.got.of(role), s.wanted.of(role).want); }
Errors plain_errors(const Shown& s, TensorRole role) {
  return errors(s.plain.of(role), s.wanted.of(role).want);
}

/// All of a kind of outputs of the pass meet `good`.
template <class Good>
bool all_outputs(const Shown& s, bool with_lse, Good good) {
  return std::ranges::all_of(outputs_of(s.question.problem.pass), [&](TensorRole role) {
    return (role == TensorRole::lse && !with_lse) || good(role);
  });
}

/// |got - want| <= absolute + relative |want|, element by element.
bool is_close(const Shown& s, TensorRole role, double absolute, double relative) {
  const auto got = s.got.of(role).values();
  const auto want = s.wanted.of(role).want.values();
  for (std::size_t i = 0; i < want.size(); ++i)
    if (const double e = error(got[i], want[i]); e != 0 && !(e <= absolute + relative * std::abs(want[i])))
      return false;
  return true;
}

bool is_backward(const Shown& s) { return s.question.problem.pass == Pass::backward; }
bool reads_a_cache(const Shown& s) {
  return s.question.layout.page > 0 || phase_of(s.question.problem) == Phase::decode;
}

Said flash_attention_2(const Shown& s) {
  double factor = 2;
  if (is_backward(s) || reads_a_cache(s)) factor = 3;
  if (s.question.problem.alibi) factor = 5;
  return all_outputs(s, false, [&](TensorRole role) {
    return errors(s, role).largest <= factor * plain_errors(s, role).largest + 1e-5;
  });
}

/// What rounding to the dtype does to values of this size, as their tests measure it.
double roundings(const Shown& s, TensorRole role) {
  const DType dtype = s.question.problem.dtype;
  double largest = 0;
  for (const double want : s.wanted.of(role).want.values()) {
    const float ref = rounded(dtype, static_cast<float>(want));
    const float back = rounded(dtype, rounded(dtype, ref + 0.3f) - 0.3f);
    largest = std::max(largest, error(back, ref));
  }
  return 2 * largest;
}

Said flash_attention_3(const Shown& s) {
  const double factor = s.question.problem.softcap ? 3 : 2;
  return all_outputs(s, false, [&](TensorRole role) {
    return errors(s, role).largest <= factor * plain_errors(s, role).largest + roundings(s, role);
  });
}

Said cudnn(const Shown& s) {
  const bool wide = s.question.problem.dtype == DType::bf16;
  return all_outputs(s, true, [&](TensorRole role) {
    const bool of_keys = role == TensorRole::dk || role == TensorRole::dv;
    const double tolerance = wide && of_keys ? 7e-2 : 2e-2;
    return is_close(s, role, tolerance, tolerance);
  });
}

Said flashinfer(const Shown& s) {
  if (is_backward(s) || s.question.problem.dtype == DType::f32) return std::nullopt;
  const double tolerance = s.question.problem.dtype == DType::f16 ? 1e-3 : 1e-2;
  return is_close(s, TensorRole::o, tolerance, tolerance);
}

Said pytorch_sdpa(const Shown& s) {
  return all_outputs(s, false, [&](TensorRole role) {
    const double factor = role == TensorRole::dq ? 110 : role == TensorRole::dk ? 8 : 3;
    return errors(s, role).largest <= std::max(1e-5, factor * plain_errors(s, role).largest);
  });
}

Said flex_attention(const Shown& s) {
  return all_outputs(
      s, false, [&](TensorRole role) { return errors(s, role).mean <= 1.1 * plain_errors(s, role).mean; });
}

Said xformers(const Shown& s) {
  const DType dtype = s.question.problem.dtype;
  if (dtype == DType::f32) return std::nullopt;
  const bool narrow = dtype == DType::f16;
  return all_outputs(s, true, [&](TensorRole role) {
    if (role == TensorRole::lse) return is_close(s, role, 2e-4, 0);
    if (role == TensorRole::o) return narrow ? is_close(s, role, 4e-3, 4e-4) : is_close(s, role, 2e-2, 5e-3);
    return narrow ? is_close(s, role, 0.2, 0.02) : is_close(s, role, 0.9, 0.1);
  });
}

Said cutlass(const Shown& s) {
  return all_outputs(s, true, [&](TensorRole role) {
    const Errors e = errors(s, role);
    return e.largest < 1e-2 && e.mean < 1e-3;
  });
}

Said tritonbench(const Shown& s) {
  return all_outputs(s, false, [&](TensorRole role) { return is_close(s, role, 2e-2, 1e-2); });
}

Said both_tolerances(const Shown& s) {
  return all_outputs(s, true, [&](TensorRole role) {
    const auto got = s.got.of(role).values();
    const auto want = s.wanted.of(role).want.values();
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double e = error(got[i], want[i]);
      if (!(e <= 1e-2) && !(e <= 1e-2 * std::abs(want[i]))) return false;
    }
    return true;
  });
}

constexpr OtherRule rules[] = {
    {"FlashAttention 2", "max|o - ref| <= 2 max|plain - ref| + 1e-5; gradients and KV cache 3, ALiBi 5",
     flash_attention_2},
    {"FlashAttention 3 and 4",
     "max|o - ref| <= 2 max|plain - ref| (softcap 3) + 2 max|((ref + 0.3) - 0.3) - ref|", flash_attention_3},
    {"cuDNN frontend", "|x - ref| <= 2e-2 + 2e-2 |ref|, LSE too; dK and dV of bf16 7e-2", cudnn},
    {"FlashInfer and CK", "|o - ref| <= t + t |ref|, t = 1e-3 in f16, 1e-2 in bf16", flashinfer},
    {"PyTorch SDPA", "max|x - gold| <= max(1e-5, f max|plain - gold|), f = 3 for O and dV, 110 dQ, 8 dK",
     pytorch_sdpa},
    {"PyTorch FlexAttention", "mean|x - gold| <= 1.1 mean|plain - gold|", flex_attention},
    {"xFormers", "f16 4e-3 + 4e-4 |ref|, bf16 2e-2 + 5e-3 |ref|, LSE 2e-4; gradients 0.2, 0.02; 0.9, 0.1",
     xformers},
    {"CUTLASS 77 and 88", "max|x - ref| < 1e-2 and mean|x - ref| < 1e-3, O and LSE", cutlass},
    {"tritonbench", "|x - ref| <= 2e-2 + 1e-2 |ref|", tritonbench},
    {"flashinfer-bench", "wrong only where |x - ref| > 1e-2 and > 1e-2 |ref|", both_tolerances},
};

}  // namespace

std::span<const OtherRule> other_rules() { return rules; }

std::string ask_other_rules(Backend& backend, const Case& c) {
  if (c.problem.pass == Pass::append || !backend.supports(c).yes) return {};
  const auto found = detail::expected_of(c.problem, backend.numerics(c.problem));
  if (!found) return {};
  const detail::Expected& expected = *found->expected;
  const Outcome<Answer> answer = backend.run(lay_out(c, expected.data));
  if (!answer) return {};
  const Plain plain = plain_attention(c.problem, expected.data);
  std::string said;
  for (const OtherRule& rule : rules) {
    const Said accepts = rule.accepts({c, *answer, expected.wanted, plain});
    said += !accepts ? '.' : *accepts ? '+' : '-';
  }
  return said;
}

void add_to(std::vector<RuleCount>& counts, const std::string& said) {
  if (said.empty()) return;
  if (counts.empty())
    for (const OtherRule& rule : rules) counts.push_back({rule.name, 0, 0, {}});
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i].asked += said[i] == '.' ? 0 : 1;
    counts[i].rejected += said[i] == '-' ? 1 : 0;
  }
}

}  // namespace flashdiff::power
