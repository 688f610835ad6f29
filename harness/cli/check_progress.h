#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/cli/check_options.h"
#include "harness/cli/live_line.h"
#include "harness/run/runner.h"
#include "reports/tally.h"

namespace flashdiff::cli {

/// A run as the terminal tells it: each failure at once, how far it is, a summary. Remembers what the summary
/// and the exit code need.
class CheckProgress : public RunListener {
 public:
  CheckProgress(const Terminal& terminal, const CheckOptions& options, const Cases& cases,
                std::size_t backends);

  void on_case(const CaseRecord& record) override;
  /// A case that the store had already: counted, and not told.
  void had(const CaseRecord& record);
  void on_shrinking(const CaseRecord& failure) override;
  void on_left_out(const CaseRecord& record) override;
  void summary(bool finished);

  [[nodiscard]] const Tally& tally() const { return tally_; }
  /// What the failures that were made smaller came to, none twice.
  [[nodiscard]] std::vector<std::string> smallest_failures() const;
  /// Label -> cases.
  [[nodiscard]] const std::map<std::string, std::int64_t>& labels() const { return labels_; }
  /// Of labels (properties/pairs.h), where they are asked for.
  [[nodiscard]] const std::map<std::string, std::int64_t>& pairs() const { return pairs_; }

 private:
  static constexpr int most_told = 12;  ///< failures as drawn; the smaller ones are told all
  void count(const CaseRecord& record);
  void tell_failure(const CaseRecord& record);
  void tell_shrunk(const CaseRecord& record);
  void show();
  [[nodiscard]] double seconds() const;
  [[nodiscard]] double done() const;

  const CheckOptions& options_;
  Terminal terminal_;
  LiveLine line_;
  double planned_ = 0;    ///< executions; 0: unknown
  std::int64_t had_ = 0;  ///< by a run before, which this one goes on with
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Tally tally_;
  BudgetUse worst_;
  std::map<std::int64_t, std::string> smallest_;  ///< failure's id -> line, of those that are made smaller
  std::map<std::string, std::int64_t> labels_, pairs_;
};

}  // namespace flashdiff::cli
