#include "harness/lint/read_steps.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/lint/array_file.h"
#include "harness/lint/read_mask.h"
#include "harness/problem/case_words.h"

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
  return a.size() - i < b.size() - j || (i == a.size() && j == b.size() && a < b);
}

Outcome<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.is_regular_file(failed) && entry.path().filename().string()[0] != '.')
      files.push_back(entry.path().string());
  if (files.empty()) return bad_input(folder + ": a folder without files, expected a mask a step");
  std::sort(files.begin(), files.end(), naturally_before);
  return files;
}

Outcome<std::string> mask_in(const ArrayFile& file, const std::string& wanted) {
  if (file.names().empty()) return std::string();
  if (!wanted.empty()) return wanted;
  if (file.has("attention_mask")) return std::string("attention_mask");
  if (file.names().size() == 1) return file.names()[0];
  return bad_input(fmt::format("{}: no array 'attention_mask', name one of: {} (--array)", file.path(),
                               flashdiff::detail::shown(fmt::format("{}", fmt::join(file.names(), ", ")))));
}

Outcome<Step> read_step(const std::string& path, const Input& input) {
  const auto file = ArrayFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto name = mask_in(*file, input.array);
  if (!name) return tl::unexpected(name.error());
  auto array = file->array(*name);
  if (!array) return tl::unexpected(array.error());
  Step step;
  step.name = array->name();
  auto mask = read_mask(*array);
  if (!mask) return tl::unexpected(mask.error());
  step.mask = std::move(*mask);
  return step;
}

}  // namespace

Outcome<std::vector<Step>> read_steps(const Input& input) {
  std::vector<std::string> paths;
  for (const std::string& path : input.masks) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
      paths.push_back(path);
      continue;
    }
    const auto files = files_in(path);
    if (!files) return tl::unexpected(files.error());
    paths.insert(paths.end(), files->begin(), files->end());
  }
  std::vector<Step> steps;
  for (const std::string& path : paths) {
    auto step = read_step(path, input);
    if (!step) return tl::unexpected(step.error());
    steps.push_back(std::move(*step));
  }
  if (auto ok = settle_phases(steps, input.words); !ok) return tl::unexpected(ok.error());
  return steps;
}

}  // namespace flashdiff::lint
