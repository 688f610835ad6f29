#include "harness/oracle/symptoms.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace flashdiff::detail {
namespace {

struct Counts {
  std::int64_t wrong = 0, unwritten = 0, nan = 0, inf = 0, huge = 0, zero = 0;
};

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// The poison `huge` is of the dtype's largest binade; for f16 that is 2^15.
bool is_huge(float value, DType dtype) {
  return std::abs(value) >= (dtype == DType::f16 ? 0x1p15f : 0x1p100f);
}

void count(const LogicalTensor<double>& use, const LogicalTensor<float>& got,
           const LogicalTensor<float>& before, DType dtype, Counts& counts) {
  for (std::size_t i = 0; i < use.values().size(); ++i) {
    if (!is_wrong(use.values()[i])) continue;
    const float value = got.values()[i];
    ++counts.wrong;
    if (same_bits(value, before.values()[i]))
      ++counts.unwritten;
    else if (std::isnan(value))
      ++counts.nan;
    else if (std::isinf(value))
      ++counts.inf;
    else if (is_huge(value, dtype))
      ++counts.huge;
    else if (value == 0)
      ++counts.zero;
  }
}

std::string share(std::int64_t count, std::int64_t of) {
  return count == of ? "all of them" : fmt::format("{} of them", count);
}

std::string look(const Counts& n, Poison poison) {
  if (n.unwritten > 0)
    return share(n.unwritten, n.wrong) + " still hold what stood there before the call: never written";
  const std::int64_t not_finite = n.nan + n.inf;
  if (not_finite > 0) {
    std::string what = share(not_finite, n.wrong) + (n.inf == 0   ? " NaN"
                                                     : n.nan == 0 ? " Inf"
                                                                  : " NaN or Inf");
    if (poison == Poison::nan && n.nan > 0) return what + ": poison leaks in (the padding holds NaN)";
    if (poison == Poison::inf)
      return what + ": poison leaks in (the padding holds Inf; 0 x Inf and Inf - Inf are NaN)";
    if (poison == Poison::huge)
      return what + ": poison may leak in (the padding holds huge numbers, whose products overflow)";
    return what;
  }
  if (n.huge > 0 && poison == Poison::huge)
    return share(n.huge, n.wrong) + " as huge as the poison: it leaks in";
  if (n.zero == n.wrong) return "all of them 0";
  return "";
}

}  // namespace

std::string symptoms(const LaidOut& sent, const Answer& answer, const Deviations& found) {
  Counts counts;
  for (const TensorDeviations& output : found.outputs) {
    const LaidOutTensor& before = sent.of(output.role);
    count(output.use, answer.of(output.role), gather(before), before.dtype, counts);
  }
  return look(counts, sent.question.poison);
}

}  // namespace flashdiff::detail
