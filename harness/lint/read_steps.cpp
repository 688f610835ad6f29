#include "harness/lint/read_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/lint/array_file.h"
#include "harness/lint/files.h"
#include "harness/lint/read_mask.h"
#include "harness/problem/case_words.h"

namespace flashdiff::lint {
namespace {

/// The mask's name: as the word, or else the option has it; attention_mask; the file's only one.
Outcome<std::string> mask_in(const ArrayFile& file, const std::string& word, const std::string& option) {
  const std::string& wanted = word.empty() ? option : word;
  if (file.names().empty() || !wanted.empty()) return wanted;
  if (file.has("attention_mask")) return std::string("attention_mask");
  if (file.names().size() == 1) return file.names()[0];
  return bad_input(fmt::format("{}: no array 'attention_mask', name one of: {} (--array)", file.path(),
                               flashdiff::detail::shown(fmt::format("{}", fmt::join(file.names(), ", ")))));
}

/// A step, and the file that it is from.
struct Read {
  ArrayFile file;
  Step step;
};

Outcome<Read> read_step(const std::string& word, const std::string& wanted) {
  const FileAndName parts = file_and_name(word);
  auto file = ArrayFile::open(parts.file);
  if (!file) return tl::unexpected(file.error());
  const auto name = mask_in(*file, parts.name, wanted);
  if (!name) return tl::unexpected(name.error());
  auto array = file->array(*name);
  if (!array) return tl::unexpected(array.error());
  auto mask = read_mask(*array);
  if (!mask) return tl::unexpected(mask.error());
  Read read{std::move(*file), {}};
  read.step.name = array->name();
  read.step.file = parts.file;
  read.step.mask = std::move(*mask);
  return read;
}

}  // namespace

Outcome<std::vector<Step>> read_steps(const Input& input) {
  const auto paths = files_of(input.masks);
  if (!paths) return tl::unexpected(paths.error());
  std::vector<Step> steps;
  std::vector<ArrayFile> files;
  for (const std::string& path : *paths) {
    auto read = read_step(path, input.array);
    if (!read) return tl::unexpected(read.error());
    steps.push_back(std::move(read->step));
    files.push_back(std::move(read->file));
  }
  if (auto ok = settle_phases(steps, input.words); !ok) return tl::unexpected(ok.error());
  const auto sides = a_file_a_step(input.sides, steps.size());
  if (!sides) return tl::unexpected(sides.error());
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (auto ok = read_sides(steps[i], files[i], *sides, i); !ok) return tl::unexpected(ok.error());
  return steps;
}

Outcome<std::vector<Step>> read_against(const std::vector<std::string>& masks, const std::string& array,
                                        const std::vector<Step>& steps) {
  if (masks.empty()) return std::vector<Step>();
  const auto paths = files_of(masks);
  if (!paths) return tl::unexpected(paths.error());
  if (paths->size() != steps.size())
    return bad_input(fmt::format("--against: {} files, expected one for each of the {} steps", paths->size(),
                                 steps.size()));
  std::vector<Step> others;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto read = read_step((*paths)[i], array);
    if (!read) return tl::unexpected(read.error());
    Step& other = read->step;
    if (other.batch() != steps[i].batch())
      return bad_input(fmt::format("--against {}: {} rows, expected {} as in {}", other.name, other.batch(),
                                   steps[i].batch(), steps[i].name));
    other.rows = lint::facts_of(other.mask);
    others.push_back(std::move(other));
  }
  return others;
}

}  // namespace flashdiff::lint
