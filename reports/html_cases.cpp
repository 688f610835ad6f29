#include <algorithm>

#include <fmt/format.h>

#include "reports/histogram.h"
#include "reports/html.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::detail {
namespace {

class Groups {
 public:
  Groups(const Report& report, const Shown& shown) : report_(report), shown_(shown) {}

  void add(const std::string& anchor, const std::string& name, const Tally& tally,
           const std::vector<std::size_t>& behind) {
    add(anchor, name,
        fmt::format("{}, {} judged: {}", counted(tally.cases(), "case", "cases"), grouped(tally.judged()),
                    in_words(tally)),
        tally.cases(), behind);
  }
  void add(const std::string& anchor, const std::string& name, const std::string& words, std::int64_t all,
           const std::vector<std::size_t>& behind) {
    if (behind.empty()) return;
    ViewList cases;
    for (const std::size_t at : behind) cases.push_back(case_view(report_.cases[at]));
    View group;
    group.set("anchor", anchor);
    group.set("name", name);
    group.set("words", words);
    group.set("cases", cases);
    const std::int64_t left = all - std::ssize(behind);
    group.set("cut", View(left > 0));
    group.set("rest", fmt::format("And {} more in the store.", grouped(left)));
    groups_.push_back(group);
  }
  void add(const std::vector<Matrix>& matrices, const char* anchor) {
    for (std::size_t m = 0; m < matrices.size(); ++m) {
      const Matrix& matrix = matrices[m];
      for (std::size_t r = 0; r < matrix.rows.size(); ++r)
        for (std::size_t c = 0; c < matrix.columns.size(); ++c)
          add(fmt::format("{}-{}-{}-{}", anchor, m, r, c),
              fmt::format("{}: {} {}, {} {}", matrix.backend, matrix.row_axis, matrix.rows[r].name,
                          matrix.column_axis, matrix.columns[c]),
              matrix.rows[r].cells[c], matrix.rows[r].behind[c]);
    }
  }
  /// The cases with the most of each output's budget.
  void add_most(std::size_t number, const BackendSummary& backend) {
    std::vector<std::size_t> behind;
    Tally tally;
    for (const TensorWorst& one : backend.worst)
      if (std::ranges::find(behind, one.at.record) == behind.end()) {
        behind.push_back(one.at.record);
        tally.add(report_.cases[one.at.record].verdict);
      }
    add(fmt::format("most-{}", number), backend.name + ": the most of each output's budget", tally, behind);
  }
  /// Of each bar of the backend's histogram.
  void add_uses(std::size_t number, const BackendSummary& backend) {
    const UseHistogram& uses = backend.histogram;
    for (int slot = 0; slot < UseHistogram::slot_count; ++slot) {
      const bool first = slot == 0, last = slot == UseHistogram::slot_count - 1;
      const std::int64_t count = first  ? uses.below
                                 : last ? uses.above
                                        : uses.bins[static_cast<std::size_t>(slot - 1)];
      add(fmt::format("use-{}-{}", number, slot),
          fmt::format("{}: {} of the budget used", backend.name, span_of_slot(slot)),
          counted(count, "case", "cases"), count, backend.behind_uses[static_cast<std::size_t>(slot)]);
    }
  }
  [[nodiscard]] ViewList take() { return std::move(groups_); }

 private:
  View case_view(const CaseRecord& record) const {
    View view;
    const auto at = shown_.at.find(record.id);
    view.set("href", at != shown_.at.end() ? View(at->second) : View(false));
    view.set("id", std::to_string(record.id));
    view.set("verdict", name_of(record.verdict));
    view.set("state", is_failure(record.verdict) ? "fail" : name_of(record.verdict));
    view.set("backend", record.backend);
    view.set("line", one_line(record.line));
    return view;
  }

  const Report& report_;
  const Shown& shown_;
  ViewList groups_;
};

}  // namespace

void fill_cases(View& root, const Report& report, const Shown& shown) {
  Groups groups(report, shown);
  for (std::size_t i = 0; i < report.backends.size(); ++i)
    groups.add(fmt::format("backend-{}", i), report.backends[i].name, report.backends[i].tally,
               report.backends[i].behind);
  for (std::size_t i = 0; i < report.backends.size(); ++i) groups.add_most(i, report.backends[i]);
  for (std::size_t i = 0; i < report.backends.size(); ++i) groups.add_uses(i, report.backends[i]);
  groups.add(report.matrices, "matrix");
  groups.add(report.captures, "capture");
  for (std::size_t i = 0; i < report.reasons.size(); ++i) {
    const Reason& reason = report.reasons[i];
    Tally tally;
    (reason.kind == "unsupported" ? tally.unsupported : tally.not_executed) = reason.count;
    groups.add(fmt::format("reason-{}", i), reason.backend + ": " + shortened(reason.why, 200), tally,
               reason.behind);
  }
  for (std::size_t a = 0; a < report.classes.size(); ++a)
    for (std::size_t c = 0; c < report.classes[a].classes.size(); ++c) {
      const ClassCount& one = report.classes[a].classes[c];
      groups.add(fmt::format("class-{}-{}", a, c), report.classes[a].name + ": " + one.name, one.tally,
                 one.behind);
    }
  for (std::size_t i = report.history.size(); i > 0 && report.history.size() > 1; --i) {
    const RunSummary& run = report.history[i - 1];
    groups.add(fmt::format("run-{}", i), fmt::format("run {} of {}", i, report.runs[i - 1].started_utc),
               run.tally, run.behind);
  }
  root.set("program", report.options.program);
  root.set("groups", groups.take());
}

}  // namespace flashdiff::detail
