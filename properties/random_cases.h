#pragma once
#include "harness/run/case_source.h"
#include "properties/any_case.h"

namespace flashdiff {

/// Case `index` of a run with this seed, with its shrink tree: a pure function of its arguments, the same on
/// every machine. The first 80 cases grow in size.
[[nodiscard]] rc::Shrinkable<Case> draw_case(std::uint64_t seed, std::uint64_t index,
                                             const CaseOptions& options);

/// The tree as the runner walks it, labels included.
[[nodiscard]] Drawn drawn(const rc::Shrinkable<Case>& tree);

/// Endless random cases.
class RandomCases : public CaseSource {
 public:
  RandomCases(std::uint64_t seed, CaseOptions options) : seed_(seed), options_(std::move(options)) {}
  [[nodiscard]] std::optional<Drawn> draw(std::uint64_t index) override {
    return drawn(draw_case(seed_, index, options_));
  }

 private:
  std::uint64_t seed_;
  CaseOptions options_;
};

}  // namespace flashdiff
