#include "harness/cli/verdict_text.h"

#include <fmt/format.h>

#include "harness/oracle/in_words.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

std::string field(const char* name, const std::string& text) {
  return fmt::format("  {:<8} {}\n", name, text);
}

std::string budget_of(const BudgetUse& use) {
  return field("budget", fmt::format("used {} (1 is the limit)", in_words(use)));
}

/// One function an alternative.
struct Details {
  std::string operator()(const verdict::Pass& v) const { return budget_of(v.use); }
  std::string operator()(const verdict::PassWeak& v) const {
    return budget_of(v.use) + field("weak", sight_of(v));
  }
  std::string operator()(const verdict::Mismatch& v) const {
    return budget_of(v.use) + field("worst", in_words(v.worst.at)) +
           field("", fmt::format("got {}, expected {} +- {}: {} budgets away", exact(v.worst.got),
                                 exact(v.worst.want), brief(v.worst.budget), brief(v.worst.use()))) +
           field("wrong", fmt::format("{} of {}", v.wrong, counted(v.total, "element", "elements"))) +
           field("where", v.words);
  }
  std::string operator()(const verdict::PaddingTouched& v) const {
    std::string text =
        field("touched", counted(v.count, "element", "elements") + " outside of the logical rows");
    for (const std::string& where : v.where) text += field("", where);
    return text;
  }
  std::string operator()(const verdict::Bias& v) const {
    return budget_of(v.use) +
           field("leans", fmt::format("{} of {}, {}", name_of(v.test), name_of(v.tensor),
                                      v.head < 0 ? std::string("all heads")
                                                 : fmt::format("{} {}", head_word(v.tensor), v.head))) +
           field("", fmt::format("{}, a correct kernel's is 0 +- {}", brief(v.effect), brief(v.deviation))) +
           field("chance", brief(v.chance)) + (v.words.empty() ? "" : field("where", v.words));
  }
  std::string operator()(const verdict::BrokenRelation& v) const {
    return field("relation", fmt::format("{}: {}", v.relation, v.says)) + field("worst", in_words(v.at)) +
           field("", fmt::format("got {}, expected {} +- {}", exact(v.got), exact(v.want), brief(v.budget))) +
           field("wrong", fmt::format("{} of {}", v.wrong, counted(v.total, "element", "elements")));
  }
  std::string operator()(const verdict::NotEquivalent& v) const {
    return field("against", v.against) + field("first", in_words(v.at)) +
           field("", fmt::format("{} here, {} there", exact(v.one), exact(v.other))) +
           field("differ", counted(v.differing, "element", "elements"));
  }
  std::string operator()(const verdict::Fault& v) const {
    std::string text = field("fault", v.what);
    for (std::size_t at = 0; at < v.report.size();) {
      const std::size_t end = std::min(v.report.find('\n', at), v.report.size());
      text += "           " + cleaned(v.report.substr(at, end - at)) + '\n';
      at = end + 1;
    }
    return text;
  }
  std::string operator()(const verdict::Crash& v) const { return field("crash", v.how); }
  std::string operator()(const verdict::Timeout& v) const {
    return field("timeout", fmt::format("no answer within {}", duration(1000 * v.seconds)));
  }
  std::string operator()(const verdict::Unsupported& v) const { return field("why", v.why); }
  std::string operator()(const verdict::NotExecuted& v) const { return field("why", v.why); }
};

}  // namespace

std::string details_of(const Verdict& verdict) { return std::visit(Details{}, verdict); }

}  // namespace flashdiff::cli
