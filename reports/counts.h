#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "harness/problem/case.h"
#include "reports/held.h"
#include "reports/model.h"

// What counts cases as they pass by. Each add() sees every case as drawn, in the order of execution, and
// holds on to those that the report tells; the others' results are asked for once, behind Held::records().

namespace flashdiff::detail {

/// A case that passes by, with what several counts want of it.
struct Passing {
  Kept kept;
  const std::vector<std::string>& labels;
  const Outcome<Case>& parsed;
  [[nodiscard]] const CaseRecord& record() const { return kept->record; }
};

/// The cases behind a number: the first of those that are wrong, then weak, right, and not judged.
class Behind {
 public:
  void add(const Kept& kept);
  [[nodiscard]] std::vector<std::size_t> indices() const;

 private:
  std::vector<Kept> first_[4];
};

class BackendCounts {
 public:
  void add(const Passing& passing);
  /// Worst first; without what their failures share.
  [[nodiscard]] std::vector<BackendSummary> backends() const;

 private:
  struct Worst {
    TensorRole tensor;
    Kept at;
    double use;
  };
  struct OfBackend {
    BackendSummary summary;
    std::vector<Worst> worst;
    Behind behind;
    std::array<Behind, UseHistogram::slot_count> behind_uses;
  };
  std::vector<OfBackend> all_;
  std::unordered_map<std::string, std::size_t> known_;
};

/// layout x mask and phase x dtype of every backend, and file x layout of those that were asked captures.
class MatrixCounts {
 public:
  MatrixCounts();
  ~MatrixCounts();
  void add(const Passing& passing);
  /// In the order of `backends`.
  [[nodiscard]] std::vector<Matrix> matrices(const std::vector<BackendSummary>& backends) const;
  [[nodiscard]] std::vector<Matrix> captures(const std::vector<BackendSummary>& backends) const;

 private:
  struct OfBackend;
  std::unordered_map<std::string, OfBackend> all_;
};

class LabelCounts {
 public:
  void add(const Passing& passing);
  [[nodiscard]] std::vector<ClassAxis> classes() const;
  [[nodiscard]] std::vector<SharedClass> shared_by_failures(const BackendSummary& backend) const;

 private:
  std::unordered_map<std::string, std::size_t> known_;  ///< labels
  std::vector<std::string> labels_;
  std::vector<Behind> behind_;                                  ///< by label
  std::unordered_map<std::string, std::vector<Tally>> counts_;  ///< by backend, then label
};

/// Failures: at most `most_held` of a backend and kind stay; of a mismatch that is neither small nor shrunk
/// the map, which is 16 kB, does not.
class FailureCounts {
 public:
  /// `shrunk`: ids of the failures that a smaller case will be told of.
  explicit FailureCounts(std::unordered_set<std::int64_t> shrunk) : shrunk_(std::move(shrunk)) {}
  /// False where a failure is counted only.
  bool add(const Passing& passing);
  [[nodiscard]] std::int64_t unheld() const { return unheld_; }

 private:
  struct OfKind {
    std::size_t held = 0;
    std::vector<Kept> all;
    Foremost<double> smallest;
    OfKind();
  };
  std::unordered_set<std::int64_t> shrunk_;
  std::map<std::pair<std::string, std::string>, OfKind> kinds_;
  std::int64_t unheld_ = 0;
};

/// How much a reader must hold in mind; infinite for a line that this version cannot read.
[[nodiscard]] double size_of(const Outcome<Case>& parsed);

}  // namespace flashdiff::detail
