#include "harness/oracle/gradient_causes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/oracle/gradients_by_rule.h"
#include "harness/oracle/other_masks.h"
#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

constexpr double kMostProducts = 3e7;  ///< multiply-adds of a hypothesis: a hint is not worth seconds

/// A K/V head of a sequence, and the query heads that share it.
struct Place {
  int sequence = 0, kv_head = 0;
};

/// What came back there, and what should have.
class Suspects {
 public:
  Suspects(const Problem& problem, const LogicalData& data, const Wanted& wanted, const Answer& answer,
           const Deviations& found, Place at)
      : problem(problem), data(data), at(at), wanted_(wanted), answer_(answer) {
    for (const TensorDeviations& output : found.outputs)
      if (is_wrong_here(output)) wrong.push_back(output.role);
  }

  const Problem& problem;
  const LogicalData& data;
  const Place at;
  std::vector<TensorRole> wrong;  ///< outputs that are wrong here

  [[nodiscard]] SequenceLengths lengths() const {
    return problem.sequences[static_cast<std::size_t>(at.sequence)];
  }
  /// As the problem asks.
  [[nodiscard]] GradientRule rule() const { return gradient_rule(problem, at.kv_head); }
  [[nodiscard]] bool is(const GradientRule& rule) const {
    return is(gradients_by(rule, problem, data, at.sequence, at.kv_head));
  }
  /// Within a few budgets and roundings, since the budget is that of the reference's row and not of this one.
  [[nodiscard]] bool is(const HeadGradients& hypothesis) const {
    return std::all_of(wrong.begin(), wrong.end(),
                       [&](TensorRole role) { return is(role, hypothesis.of(role)); });
  }

 private:
  [[nodiscard]] std::pair<int, int> heads_of(TensorRole role) const {
    return follows_queries(role) ? std::pair{at.kv_head * problem.group(), problem.group()}
                                 : std::pair{at.kv_head, 1};
  }
  [[nodiscard]] bool is_wrong_here(const TensorDeviations& output) const {
    const auto [first, count] = heads_of(output.role);
    for (int head = first; head < first + count; ++head) {
      const double* use = output.use.matrix(at.sequence, head);
      if (std::any_of(use, use + output.use.rows(at.sequence) * output.use.width(), detail::is_wrong))
        return true;
    }
    return false;
  }
  [[nodiscard]] bool is(TensorRole role, const LogicalTensor<double>& hypothesis) const {
    const auto [first, count] = heads_of(role);
    const WantedTensor& wanted = wanted_.of(role);
    const auto elements =
        static_cast<std::size_t>(hypothesis.rows(0)) * static_cast<std::size_t>(hypothesis.width());
    // Larger gradients have larger errors.
    double largest = 0, largest_wanted = 0;
    for (int head = 0; head < count; ++head)
      for (std::size_t i = 0; i < elements; ++i) {
        largest = std::max(largest, std::abs(hypothesis.matrix(0, head)[i]));
        largest_wanted = std::max(largest_wanted, std::abs(wanted.want.matrix(at.sequence, first + head)[i]));
      }
    const double grown = largest > largest_wanted && largest_wanted > 0 ? largest / largest_wanted : 1;
    const double relative = 1e-5 + 2 * format_of(problem.dtype).unit_roundoff;
    for (int head = 0; head < count; ++head)
      for (std::size_t i = 0; i < elements; ++i) {
        const double got = answer_.of(role).matrix(at.sequence, first + head)[i];
        const double want = hypothesis.matrix(0, head)[i];
        const double budget = wanted.budget.matrix(at.sequence, first + head)[i];
        if (!(std::abs(got - want) <= 2 * grown * budget + relative * std::abs(want))) return false;
      }
    return true;
  }

  const Wanted& wanted_;
  const Answer& answer_;
};

/// The first hypothesis of its kind that fits, in words.
using Said = std::optional<std::string>;

Said other_masks(const Suspects& here, int /*tile*/) {
  for (const MaskInstead& other : masks_instead_of(here.problem.mask)) {
    GradientRule rule = here.rule();
    rule.mask = other.mask;
    if (here.is(rule)) return other.words;
  }
  return std::nullopt;
}

Said other_modifiers(const Suspects& here, int /*tile*/) {
  const auto would = [&here](auto change) {
    GradientRule rule = here.rule();
    change(rule);
    return here.is(rule);
  };
  if (here.problem.softcap) {
    if (would([](GradientRule& rule) { rule.softcap = 0; })) return "the softcap were forgotten";
    if (would([](GradientRule& rule) { rule.slope_of_softcap = false; }))
      return "the softcap's slope were forgotten: dS without 1 - tanh^2";
  }
  if (here.problem.alibi && would([](GradientRule& rule) { rule.alibi = false; }))
    return "ALiBi were forgotten";
  return std::nullopt;
}

Said other_scales(const Suspects& here, int /*tile*/) {
  const double scale = here.problem.softmax_scale();
  const auto would = [&here](auto change) {
    GradientRule rule = here.rule();
    change(rule);
    return here.is(rule);
  };
  if (scale != 1) {
    if (would([](GradientRule& rule) { rule.scale = 1; }))
      return "dQ and dK were not multiplied with the softmax scale";
    if (would([scale](GradientRule& rule) { rule.scale = scale * scale; }))
      return "dQ and dK were multiplied with the softmax scale twice";
    if (would([](GradientRule& rule) { rule.score_scale = 1; })) return "the scores were not scaled";
  }
  if (would([](GradientRule& rule) { rule.scale *= std::numbers::log2e; }))
    return "dQ and dK were multiplied with log2(e) besides the softmax scale";
  if (would([](GradientRule& rule) { rule.lse = std::numbers::ln2; }))
    return "LSE were read as one in base 2";
  return std::nullopt;
}

Said without_d(const Suspects& here, int /*tile*/) {
  GradientRule rule = here.rule();
  rule.subtracts_d = false;
  if (here.is(rule)) return "D were not subtracted: dS = P dP";
  return std::nullopt;
}

Said other_heads(const Suspects& here, int /*tile*/) {
  for (int kv_head = 0; kv_head < here.problem.h_kv; ++kv_head) {
    GradientRule rule = here.rule();
    rule.kv_head = kv_head;
    if (kv_head != here.at.kv_head && here.is(rule))
      return fmt::format("K and V of kv-head {} were read for kv-head {}", kv_head, here.at.kv_head);
  }
  const int group = here.problem.group();
  for (int head = 0; head < group && group > 1; ++head) {
    GradientRule rule = here.rule();
    rule.heads = {head, head + 1};
    if (here.is(rule))
      return fmt::format("dK and dV were those of query head {} of each group of {} alone, not their sum",
                         head, group);
  }
  return std::nullopt;
}

/// What lies in the last tile, or behind the first, or at the end.
Said other_ranges(const Suspects& here, int tile) {
  const auto [q_len, kv_len] = here.lengths();
  const auto ends = [tile](int length) {
    return std::pair{(length - 1) / tile * tile, length - 1};  // in front of the last tile, of the last row
  };
  const auto would = [&here](KeyRange GradientRule::*range, KeyRange instead) {
    GradientRule rule = here.rule();
    rule.*range = instead;
    return here.is(rule);
  };
  for (const auto& [range, length, name] :
       {std::tuple{&GradientRule::keys, kv_len, "key"}, std::tuple{&GradientRule::queries, q_len, "query"}}) {
    if (length < 2) continue;
    const auto [tile_start, last] = ends(length);
    if (would(range, {0, last})) return fmt::format("the last {} took no part", name);
    if (would(range, {1, length})) return fmt::format("the first {} took no part", name);
    const std::string many = name == std::string("key") ? "keys" : "queries";
    if (tile_start > 0 && would(range, {0, tile_start}))
      return fmt::format("{} of the last tile of {} took no part", many, tile);
    if (length > tile && would(range, {0, tile}))
      return fmt::format("only {} of the first tile of {} took part", many, tile);
    if (length > tile && would(range, {tile, length}))
      return fmt::format("{} of the first tile of {} took no part", many, tile);
  }
  return std::nullopt;
}

/// The place with most pairs that is not too much work, among those where something is wrong in plain
/// numbers.
std::optional<Place> place_of(const Problem& problem, const Answer& answer, const Deviations& found) {
  std::optional<Place> best;
  double most = 0;
  for (const TensorDeviations& output : found.outputs) {
    const int heads_a_place = follows_queries(output.role) ? problem.group() : 1;
    for (int s = 0; s < problem.batch(); ++s) {
      const auto [q_len, kv_len] = problem.sequences[static_cast<std::size_t>(s)];
      const double work = 1.0 * q_len * kv_len * problem.group() * (3 * problem.d_qk + 2 * problem.d_v);
      if (!(work > most && work <= kMostProducts)) continue;
      for (int head = 0; head < output.use.heads(); ++head) {
        const double* use = output.use.matrix(s, head);
        const float* got = answer.of(output.role).matrix(s, head);
        const auto elements = output.use.rows(s) * output.use.width();
        if (std::none_of(use, use + elements, is_wrong)) continue;
        if (!std::all_of(got, got + elements, [](float x) { return std::isfinite(x); })) continue;
        best = {s, head / heads_a_place};
        most = work;
        break;
      }
    }
  }
  return best;
}

}  // namespace

std::string likely_gradient_cause(const Problem& problem, const LogicalData& data, const Wanted& wanted,
                                  const Answer& answer, const Deviations& found, int kv_tile) {
  const std::optional<Place> at = place_of(problem, answer, found);
  if (!at) return "";
  const Suspects here(problem, data, wanted, answer, found, *at);
  for (auto* ask : {other_scales, other_modifiers, without_d, other_masks, other_heads, other_ranges})
    if (const Said said = ask(here, kv_tile))
      return fmt::format("as if {} (looked at: sequence {}, kv-head {})", *said, at->sequence, at->kv_head);
  return "";
}

}  // namespace flashdiff::detail
