#include <cmath>
#include <string>

#include <fmt/format.h>

#include "harness/oracle/bias.h"
#include "harness/problem/names.h"
#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

using verdict::BiasTest;

std::string percent(double share) { return fmt::format("{:.2g} %", 100 * std::fabs(share)); }

std::string whose(const BiasOf& found) {
  return found.head < 0 ? std::string("all heads")
                        : fmt::format("{} {}", head_word(found.tensor), found.head);
}

/// What the tests measure, and beside it what they allow.
std::string what_is_seen(const BiasOf& found) {
  const std::string rows = fmt::format("every {} of {}", row_word(found.tensor), whose(found));
  switch (found.test) {
    case BiasTest::gain:
      return fmt::format("{} is {} too {} (rounding adds up to {}, all else to {} at most)", rows,
                         percent(found.effect), found.effect > 0 ? "large" : "small",
                         percent(found.deviation), percent(found.lean));
    case BiasTest::mean:
      return fmt::format("{} is {:.2g} too {} (rounding adds up to {:.2g}, all else to {:.2g} at most)", rows,
                         std::fabs(found.effect), found.effect > 0 ? "high" : "low", found.deviation,
                         found.lean);
    case BiasTest::row_sum: break;
  }
  return fmt::format(
      "{} leans to one side or the other: sums of rows are {:.2g} off (rounding adds up to {:.2g}, all else "
      "to {:.2g} at most)",
      rows, found.effect, found.deviation, found.lean);
}

/// Share of a tensor's elements that are nearer to 0 than they should be, of those that are off at all.
double share_too_small(const WantedTensor& wanted, const LogicalTensor<float>& got) {
  std::int64_t smaller = 0, off = 0;
  for (std::size_t i = 0; i < got.values().size(); ++i) {
    const double want = wanted.want.values()[i];
    if (got.values()[i] == want || !std::isfinite(want)) continue;
    ++off;
    smaller += std::fabs(got.values()[i]) < std::fabs(want) ? 1 : 0;
  }
  return off == 0 ? 0 : static_cast<double>(smaller) / static_cast<double>(off);
}

/// Cutting off loses half an ulp in the mean, which is u / 2 to u of a number; less where a row's largest P,
/// which is 1, loses nothing and has most of the weight.
bool is_cut(double gain, DType dtype) {
  const double u = format_of(dtype).unit_roundoff;
  return dtype != DType::f32 && gain > 0.15 * u && gain < 1.1 * u;
}

/// A hint; no verdict depends on it.
std::string likely_cause(const Numerics& numerics, const Wanted& wanted, const Answer& answer,
                         const BiasOf& found) {
  if (found.test != BiasTest::gain) return "";
  const bool of_p = found.tensor == TensorRole::o || found.tensor == TensorRole::dv;
  const bool of_ds = found.tensor == TensorRole::dq || found.tensor == TensorRole::dk;
  const DType operand = of_ds ? numerics.ds : numerics.p;
  const char* const name = of_ds ? "dS" : "P";
  constexpr double kNearlyAll = 0.9;
  if (found.effect < 0 && is_cut(-found.effect, numerics.out) &&
      share_too_small(wanted.of(found.tensor), answer.of(found.tensor)) > kNearlyAll)
    return fmt::format("as if {} were cut off, not rounded, to {}", name_of(found.tensor),
                       name_of(numerics.out));
  if ((of_p || of_ds) && found.effect < 0 && is_cut(-found.effect, operand))
    return fmt::format("as if {} were cut off, not rounded, to {} before its product", name,
                       name_of(operand));
  if (found.tensor == TensorRole::o && found.effect > 0 && is_cut(found.effect, operand))
    return fmt::format("as if P were cut off, not rounded, to {} in the row sum alone", name_of(operand));
  return "";
}

}  // namespace

std::string bias_words(const Numerics& numerics, const Wanted& wanted, const Answer& answer,
                       const BiasOf& found) {
  std::string words = what_is_seen(found);
  const std::string cause = likely_cause(numerics, wanted, answer, found);
  if (!cause.empty()) words += "; " + cause;
  return words;
}

}  // namespace flashdiff::detail
