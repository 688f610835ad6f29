#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "harness/problem/case.h"
#include "reports/counts.h"
#include "reports/summarise.h"

// Many failures are one bug. Those of a backend that end in the same way and shrink to the same case become
// one finding; a failure that was not shrunk stands for itself.

namespace flashdiff {

std::vector<std::size_t> foremost(const Report& report, std::size_t most) {
  std::vector<std::size_t> firsts, others;
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const CaseRecord& record = report.cases[report.findings[i].record];
    (seen.emplace(record.backend, name_of(record.verdict)).second ? firsts : others).push_back(i);
  }
  firsts.insert(firsts.end(), others.begin(), others.end());
  if (firsts.size() > most) firsts.resize(most);
  std::ranges::sort(firsts);
  return firsts;
}

namespace detail {
namespace {

/// Deaths first (nothing else can be trusted after one), then what wrote where it must not, then wrong
/// numbers.
int gravity(const Verdict& verdict) {
  struct Gravity {
    int operator()(const verdict::Crash&) const { return 0; }
    int operator()(const verdict::Fault&) const { return 1; }
    int operator()(const verdict::Timeout&) const { return 2; }
    int operator()(const verdict::PaddingTouched&) const { return 3; }
    int operator()(const verdict::Mismatch&) const { return 4; }
    int operator()(const verdict::Bias&) const { return 5; }
    int operator()(const verdict::BrokenRelation&) const { return 5; }
    int operator()(const verdict::NotEquivalent&) const { return 5; }
    int operator()(const verdict::Pass&) const { return 6; }
    int operator()(const verdict::PassWeak&) const { return 6; }
    int operator()(const verdict::Unsupported&) const { return 6; }
    int operator()(const verdict::NotExecuted&) const { return 6; }
  };
  return std::visit(Gravity{}, verdict);
}

}  // namespace

std::vector<Finding> findings_of(const Report& report) {
  std::unordered_map<std::int64_t, std::size_t> shrunk_of;
  for (std::size_t i = 0; i < report.shrunk.size(); ++i) shrunk_of[*report.shrunk[i].shrunk_from] = i;

  std::vector<Finding> findings;
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> known;
  for (std::size_t i = 0; i < report.cases.size(); ++i) {
    const CaseRecord& record = report.cases[i];
    if (!is_failure(record.verdict)) continue;
    const auto found = shrunk_of.find(record.id);
    if (found == shrunk_of.end()) {
      findings.push_back({i, std::nullopt, {}});
      continue;
    }
    const auto [at, is_new] = known.try_emplace(
        {record.backend, name_of(record.verdict), report.shrunk[found->second].line}, findings.size());
    if (is_new)
      findings.push_back({i, found->second, {}});
    else
      findings[at->second].same.push_back(i);
  }

  std::unordered_map<std::size_t, double> sizes;  // by record: lines are parsed once, not in every comparison
  for (const Finding& f : findings)
    sizes[f.record] =
        size_of(parse_case(f.shrunk ? report.shrunk[*f.shrunk].line : report.cases[f.record].line));
  std::ranges::stable_sort(findings, std::ranges::less{}, [&](const Finding& f) {
    return std::tuple(gravity(report.cases[f.record].verdict), !f.shrunk, sizes[f.record]);
  });
  return findings;
}

}  // namespace detail
}  // namespace flashdiff
