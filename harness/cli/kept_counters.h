#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "harness/compare/bench_file.h"

namespace flashdiff::cli {

/// A reporter that has another one tell, and keeps the counters of what was counted, and what failed.
class KeptCounters : public benchmark::BenchmarkReporter {
 public:
  /// `tells`: null for silence. `on_entry` hears the name of each that has ended.
  explicit KeptCounters(std::unique_ptr<benchmark::BenchmarkReporter> tells,
                        std::function<void(const std::string&)> on_entry = {})
      : tells_(std::move(tells)), on_entry_(std::move(on_entry)) {}

  bool ReportContext(const Context& context) override {
    return tells_ == nullptr || tells_->ReportContext(context);
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const std::string name = compare::plain_name(run.benchmark_name());
      if (run.error_occurred) errors_[name] = run.error_message;
      if (on_entry_) on_entry_(name);
      if (run.error_occurred || run.run_type != Run::RT_Iteration || !compare::is_counted(name)) continue;
      for (const auto& [counter, value] : run.counters) counters_[name][counter] = value.value;
    }
    if (tells_ != nullptr) tells_->ReportRuns(runs);
  }
  void Finalize() override {
    if (tells_ != nullptr) tells_->Finalize();
  }
  [[nodiscard]] const compare::CountersByBenchmark& counters() const { return counters_; }
  /// Name -> why it has no figures.
  [[nodiscard]] const std::map<std::string, std::string>& errors() const { return errors_; }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> tells_;
  std::function<void(const std::string&)> on_entry_;
  compare::CountersByBenchmark counters_;
  std::map<std::string, std::string> errors_;
};

}  // namespace flashdiff::cli
