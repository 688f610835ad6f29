#include <cmath>

#include <fmt/format.h>

#include "harness/oracle/in_words.h"
#include "harness/oracle/verdict.h"

// One function an alternative; terminal, JUnit and HTML all say what stands here.

namespace flashdiff {
namespace {

std::string plural(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string element_at(const ElementAt& at) {
  return fmt::format("{}[{}]", name_of(at.tensor), place_of(at));
}

/// By the rotary embedding of an append.
bool is_turned(TensorRole output) { return output == TensorRole::q_rot || output == TensorRole::k; }

std::string share_of_budget(double use) {
  if (std::isnan(use)) return "NaN is outside of every budget";
  if (std::isinf(use)) return "the convention leaves no budget";
  return fmt::format("{:.3g} times the budget", use);
}

const char* what_could_hide(TensorRole output) {
  if (output == TensorRole::o) return "a dropped key";
  return is_turned(output) ? "a position that is one off" : "a dropped pair";
}

struct Explain {
  std::string operator()(const verdict::Pass& v) const {
    return "every element is within its budget; the most that was used: " + in_words(v.use);
  }
  std::string operator()(const verdict::PassWeak& v) const {
    return fmt::format("within budget ({}), but the budget is so wide that {} could hide: {}",
                       in_words(v.use), what_could_hide(v.tensor), sight_of(v));
  }
  std::string operator()(const verdict::Mismatch& v) const {
    return fmt::format(
        "{} of {} outside of their budgets; worst {} = {:.9g}, expected {:.9g} +- {:.3g} ({}); {}", v.wrong,
        plural(v.total, "element", "elements"), element_at(v.worst.at), v.worst.got, v.worst.want,
        v.worst.budget, share_of_budget(v.worst.use()), v.words);
  }
  std::string operator()(const verdict::PaddingTouched& v) const {
    std::string text = plural(v.count, "element", "elements") + " outside of the logical rows changed";
    for (std::size_t i = 0; i < v.where.size() && i < 2; ++i) text += (i == 0 ? ": " : "; ") + v.where[i];
    if (v.count > 2 && v.where.size() > 2) text += "; ...";
    return text;
  }
  std::string operator()(const verdict::Bias& v) const {
    return fmt::format(
        "within budget ({}), but {} leans to one side: {} of {} is {:.3g}, {:.3g} standard deviations of a "
        "correct kernel's (chance {:.1g}){}{}",
        in_words(v.use), name_of(v.tensor), name_of(v.test),
        v.head < 0 ? std::string("all heads") : fmt::format("{} {}", head_word(v.tensor), v.head), v.effect,
        std::abs(v.effect) / v.deviation, v.chance, v.words.empty() ? "" : "; ", v.words);
  }
  std::string operator()(const verdict::BrokenRelation& v) const {
    return fmt::format("{}: {} does not hold for {} of {}; worst {} = {:.9g}, expected {:.9g} +- {:.3g}",
                       v.relation, v.says, v.wrong, plural(v.total, "element", "elements"), element_at(v.at),
                       v.got, v.want, v.budget);
  }
  std::string operator()(const verdict::NotEquivalent& v) const {
    return fmt::format("not the same bits with {}: {} is {:.9g} here and {:.9g} there; {}", v.against,
                       element_at(v.at), v.one, v.other,
                       plural(v.differing, "element differs", "elements differ"));
  }
  std::string operator()(const verdict::Fault& v) const { return "the device reports: " + v.what; }
  std::string operator()(const verdict::Crash& v) const { return "the process died: " + v.how; }
  std::string operator()(const verdict::Timeout& v) const {
    return fmt::format("no answer within {:.3g} s", v.seconds);
  }
  std::string operator()(const verdict::Unsupported& v) const { return "not supported: " + v.why; }
  std::string operator()(const verdict::NotExecuted& v) const { return "not executed: " + v.why; }
};

}  // namespace

std::string sight_of(const verdict::PassWeak& v) {
  if (is_turned(v.tensor)) return fmt::format("{} shows no position that is one off", name_of(v.tensor));
  return v.tensor == TensorRole::o
             ? fmt::format("O shows only keys of weight {:.3g} and more", v.effect)
             : fmt::format("{} shows only pairs that are {:.3g} of a row's sum and more", name_of(v.tensor),
                           v.effect);
}

std::string explain(const Verdict& verdict) { return std::visit(Explain{}, verdict); }

}  // namespace flashdiff
