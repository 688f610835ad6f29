#pragma once
#include <memory>

#include <benchmark/benchmark.h>

#include "harness/compare/bench_file.h"

namespace flashdiff::cli {

/// A reporter that has another one tell, and keeps the counters of what was counted.
class KeptCounters : public benchmark::BenchmarkReporter {
 public:
  /// `tells`: null for silence.
  explicit KeptCounters(std::unique_ptr<benchmark::BenchmarkReporter> tells) : tells_(std::move(tells)) {}

  bool ReportContext(const Context& context) override {
    return tells_ == nullptr || tells_->ReportContext(context);
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const std::string name = compare::plain_name(run.benchmark_name());
      if (run.error_occurred || run.run_type != Run::RT_Iteration || !compare::is_counted(name)) continue;
      for (const auto& [counter, value] : run.counters) counters_[name][counter] = value.value;
    }
    if (tells_ != nullptr) tells_->ReportRuns(runs);
  }
  void Finalize() override {
    if (tells_ != nullptr) tells_->Finalize();
  }
  [[nodiscard]] const compare::CountersByBenchmark& counters() const { return counters_; }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> tells_;
  compare::CountersByBenchmark counters_;
};

}  // namespace flashdiff::cli
