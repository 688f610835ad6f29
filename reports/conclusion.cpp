#include <fmt/format.h>

#include "reports/numbers.h"
#include "reports/summarise.h"

namespace flashdiff {

const char* name_of(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::pass: return "PASS";
    case Conclusion::fail: return "FAIL";
    case Conclusion::incomplete: break;
  }
  return "INCOMPLETE";
}

namespace detail {
namespace {

std::string wrong_in(const BackendSummary& backend) {
  return fmt::format("{} is wrong in {} of {}", backend.name, grouped(backend.tally.failed),
                     counted(backend.tally.judged(), "case", "cases"));
}

std::string shrunk_to(const Report& report) {
  std::int64_t smallest = 0, shrunk = 0;
  for (const Finding& finding : report.findings)
    if (finding.shrunk) {
      ++smallest;
      shrunk += 1 + static_cast<std::int64_t>(finding.same.size());
    }
  if (shrunk == 0 || report.total.failed == 1) return "";
  const std::string cases = smallest == 1 ? "one case" : grouped(smallest) + " cases";
  if (shrunk == report.total.failed) return smallest == shrunk ? "" : "; all shrink to " + cases;
  return fmt::format("; {} of them {} shrunk, to {}", grouped(shrunk), shrunk == 1 ? "was" : "were", cases);
}

std::string what_is_wrong(const Report& report) {
  std::string text;
  for (const BackendSummary& backend : report.backends)
    if (backend.tally.failed > 0) text += (text.empty() ? "" : ", ") + wrong_in(backend);
  text += shrunk_to(report);
  if (report.backends.front().tally.failed == report.total.failed && !report.backends.front().shared.empty())
    text += fmt::format("; every one is in class {}", report.backends.front().shared.front().label);
  return text;
}

/// "12 unsupported and 3 not executed", or nothing.
std::string not_judged(const Tally& total) {
  std::string text;
  if (total.unsupported > 0) text = counted(total.unsupported, "is", "are") + " unsupported";
  if (total.not_executed > 0)
    text += (text.empty() ? "" : " and ") + counted(total.not_executed, "was", "were") + " not executed";
  return text;
}

std::string what_is_right(const Report& report) {
  const std::int64_t judged = report.total.judged();
  std::string text = judged == 1
                         ? "The one judged case is within its budget"
                         : fmt::format("All {} judged cases are within their budgets", grouped(judged));
  if (report.total.weak > 0)
    text += fmt::format("; in {} the budget is so wide that a dropped key could hide",
                        grouped(report.total.weak));
  if (const std::string others = not_judged(report.total); !others.empty()) text += "; " + others;
  return text;
}

}  // namespace

void conclude(Report& report, bool finished) {
  if (report.total.failed > 0) {
    report.conclusion = Conclusion::fail;
    report.why = what_is_wrong(report);
  } else if (report.total.judged() == 0) {
    report.conclusion = Conclusion::incomplete;
    report.why = report.total.cases() == 0 ? "No case was run"
                                           : fmt::format("No case was judged: {}", not_judged(report.total));
  } else {
    report.conclusion = finished ? Conclusion::pass : Conclusion::incomplete;
    report.why = what_is_right(report);
  }
  if (!finished) report.why += "; a run ended before its last case";
  report.why += ".";
}

}  // namespace detail
}  // namespace flashdiff
