#pragma once
#include <filesystem>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/case.h"
#include "harness/run/case_source.h"

namespace flashdiff::cli {

/// Every case of FOLDER/*.cases, by the files' names: a repro line a line; a line that is empty or begins
/// with # is none. Nothing where there is no such folder or file. Errors (bad_input): a line that is no case,
/// by file and number.
[[nodiscard]] Outcome<std::vector<Case>> read_corpus(const std::filesystem::path& folder);

/// Cases that somebody wrote down; they shrink as any others do.
class ListedCases : public CaseSource {
 public:
  explicit ListedCases(std::vector<Case> cases) : cases_(std::move(cases)) {}
  [[nodiscard]] std::optional<Drawn> draw(std::uint64_t index) override;

 private:
  std::vector<Case> cases_;
};

}  // namespace flashdiff::cli
