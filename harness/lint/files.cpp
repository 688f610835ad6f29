#include "harness/lint/files.h"

#include <algorithm>
#include <filesystem>

namespace flashdiff::lint {
namespace {

namespace fs = std::filesystem;

/// "step9" before "step10": runs of digits by their value.
bool naturally_before(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      const auto run = [&](const std::string& s, std::size_t& at) {
        while (at + 1 < s.size() && s[at] == '0' && digit(s[at + 1])) ++at;
        const std::size_t begin = at;
        while (at < s.size() && digit(s[at])) ++at;
        return s.substr(begin, at - begin);
      };
      const std::string x = run(a, i), y = run(b, j);
      if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
    }
  }
  if (i == a.size() && j == b.size()) return a < b;  // alike but for zeros in front
  return i == a.size();
}

Outcome<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.is_regular_file(failed) && entry.path().filename().string()[0] != '.')
      files.push_back(entry.path().string());
  if (files.empty()) return bad_input(folder + ": a folder without files, expected an array a step");
  std::sort(files.begin(), files.end(), naturally_before);
  return files;
}

}  // namespace

Outcome<std::vector<std::string>> files_of(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& path : words) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
      all.push_back(path);
      continue;
    }
    const auto files = files_in(path);
    if (!files) return tl::unexpected(files.error());
    all.insert(all.end(), files->begin(), files->end());
  }
  return all;
}

FileAndName file_and_name(const std::string& word) {
  std::error_code failed;
  const auto colon = word.rfind(':');
  if (colon == std::string::npos || fs::exists(word, failed)) return {word, {}};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

}  // namespace flashdiff::lint
