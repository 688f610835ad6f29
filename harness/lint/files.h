#pragma once
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::lint {

/// Folders among the words become their files, in the order of their names, numbers by value: step10 behind
/// step9. Errors: a folder without files.
[[nodiscard]] Outcome<std::vector<std::string>> files_of(const std::vector<std::string>& words);

/// "FILE:NAME" where there is no file of the whole name; else a file, and no name.
struct FileAndName {
  std::string file, name;
};
[[nodiscard]] FileAndName file_and_name(const std::string& word);

}  // namespace flashdiff::lint
