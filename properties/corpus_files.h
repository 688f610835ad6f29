#pragma once
#include <string_view>
#include <vector>

namespace flashdiff::detail {

/// A file of properties/corpus, as it was when this program was built.
struct CorpusFile {
  const char* name;
  std::string_view text;
};
/// All of them, by name; properties/CMakeLists.txt makes this function.
[[nodiscard]] std::vector<CorpusFile> corpus_files();

}  // namespace flashdiff::detail
