#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/case_source.h"
#include "properties/features.h"

namespace flashdiff {

/// Cases that someone has chosen: hand-picked edges, shrunk failures of the past. A `.cases` file has one
/// case line a line; empty lines and those that begin with # are for people.
class CorpusCases : public CaseSource {
 public:
  /// A file, or all *.cases files of a folder in the order of their names. Errors (bad_input): FILE:LINE and
  /// what parse_case() says of it; what cannot be read; a file or folder without a case.
  [[nodiscard]] static Outcome<CorpusCases> open(const std::filesystem::path& path);
  /// One file's text; `name` stands in errors.
  [[nodiscard]] static Outcome<CorpusCases> read(const std::string& name, std::string_view text);
  /// Those of properties/corpus, as they were when this program was built: they are inside it.
  [[nodiscard]] static const CorpusCases& built_in();

  /// Those that random cases of these options might be, as far as their pass and what lists allow.
  [[nodiscard]] CorpusCases that_may_be(const CaseOptions& options) const;

  [[nodiscard]] std::uint64_t size() const { return cases_.size(); }
  [[nodiscard]] std::optional<Drawn> draw(std::uint64_t index) override;

 private:
  std::vector<Case> cases_;
};

/// A corpus, and then another source, whose own numbers begin at 0 behind it: what a seed draws does not
/// depend on the corpus.
class CorpusFirst : public CaseSource {
 public:
  CorpusFirst(CorpusCases corpus, std::unique_ptr<CaseSource> then)
      : corpus_(std::move(corpus)), then_(std::move(then)) {}
  [[nodiscard]] std::optional<Drawn> draw(std::uint64_t index) override {
    return index < corpus_.size() ? corpus_.draw(index) : then_->draw(index - corpus_.size());
  }

 private:
  CorpusCases corpus_;
  std::unique_ptr<CaseSource> then_;
};

}  // namespace flashdiff
