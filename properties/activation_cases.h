#pragma once
#include <string>

#include "harness/outcome/outcome.h"
#include "harness/problem/activations.h"
#include "harness/run/case_source.h"

namespace flashdiff {

/// A capture through every layout, order, dtype, and the masks none and causal: each text alone, all in one
/// batch, and some random subsets. A fixed number of cases in a mixed order, so that any first part of them
/// is a fair sample.
class ActivationCases : public CaseSource {
 public:
  /// Errors: those of load_activations.
  [[nodiscard]] static Outcome<ActivationCases> open(const std::string& path);

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::optional<Drawn> draw(std::uint64_t index) override;

 private:
  ActivationCases(std::string path, const Activations& capture);
  std::string path_;
  const Activations* capture_;
  std::vector<std::vector<int>> batches_;  ///< texts of each batch
};

}  // namespace flashdiff
