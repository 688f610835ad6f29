#include "harness/oracle/judge.h"

#include <fmt/format.h>

#include "harness/oracle/bias.h"
#include "harness/oracle/causes.h"
#include "harness/oracle/deviations.h"
#include "harness/oracle/error_map.h"
#include "harness/oracle/symptoms.h"
#include "harness/oracle/trust.h"
#include "harness/oracle/where.h"
#include "reference/given.h"

namespace flashdiff {
namespace {

verdict::PaddingTouched touched(const TouchedReport& report) {
  verdict::PaddingTouched verdict{report.count, {}};
  for (const Touched& one : report.first)
    verdict.where.push_back(fmt::format("{}: {}", name_of(one.role), one.where));
  return verdict;
}

std::string sentence(const Case& c, const Numerics& numerics, const Wanted& wanted, const Answer& answer,
                     const detail::Deviations& found) {
  std::string words = detail::where_wrong(c, numerics.kv_tile, found);
  // The inputs are a function of the problem, so that a failure can be looked into without having kept them.
  if (const auto data = make_given(c.problem)) {
    const std::string look = detail::symptoms(lay_out(c, *data), answer, found);
    if (!look.empty()) words += "; " + look;
    const std::string cause = detail::likely_cause(c, *data, wanted, answer, found, numerics.kv_tile);
    if (!cause.empty()) words += "; " + cause;
  }
  if (answer.touched.count > 0) words += "; besides, " + explain(touched(answer.touched));
  return words;
}

}  // namespace

Verdict judge(const Case& c, const Numerics& numerics, const Wanted& wanted, const Answer& answer) {
  // Both rules read all of an answer; head by head it is in the cache for the second.
  detail::BiasAtFirstSight leaning(numerics, wanted, answer);
  const detail::Deviations found = detail::deviations(
      wanted, answer,
      [&leaning](std::size_t output, int sequence, int head) { leaning.add(output, sequence, head); });
  if (found.wrong > 0) {
    const ElementAt at = found.worst().worst;
    const auto element = [&at](const auto& tensor) -> double {
      return tensor.row(at.sequence, at.head, at.row)[at.column];
    };
    const WantedTensor& of = wanted.of(at.tensor);
    verdict::Mismatch mismatch;
    mismatch.use = found.use();
    mismatch.worst = {at, element(answer.of(at.tensor)), element(of.want), element(of.budget)};
    mismatch.wrong = found.wrong;
    mismatch.total = found.total;
    mismatch.words = sentence(c, numerics, wanted, answer, found);
    mismatch.map = detail::error_map(found);
    return mismatch;
  }
  if (answer.touched.count > 0) return touched(answer.touched);
  if (leaning.is_possible())
    if (std::optional<verdict::Bias> bias = detail::bias(numerics, wanted, answer)) {
      bias->use = found.use();
      return *std::move(bias);
    }
  if (const auto blind = detail::blind_spot(c.problem, wanted))
    return verdict::PassWeak{found.use(), blind->weight, blind->tensor};
  return verdict::Pass{found.use()};
}

}  // namespace flashdiff
