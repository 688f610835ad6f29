#include "harness/lint/read_sides.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/lint/files.h"

namespace flashdiff::lint {
namespace {

constexpr std::int64_t most_numbers = 1 << 24;

using Names = std::initializer_list<const char*>;

std::optional<std::string> first_of(const ArrayFile& file, Names names) {
  for (const char* name : names)
    if (file.has(name)) return name;
  return std::nullopt;
}

/// "FILE", or "FILE:NAME" where there is no file of the whole name.
Outcome<ArrayReader> open_word(const std::string& word, Names names) {
  const FileAndName parts = file_and_name(word);
  const auto file = ArrayFile::open(parts.file);
  if (!file) return tl::unexpected(file.error());
  if (!parts.name.empty()) return file->array(parts.name);
  if (file->names().size() == 1) return file->array(file->names()[0]);
  return file->array(first_of(*file, names).value_or(std::data(names)[0]));
}

/// What was named for step `i`, or what the mask's own file has; nothing where neither is.
Outcome<std::optional<ArrayReader>> open_side(const std::vector<std::string>& words, std::size_t i,
                                              const ArrayFile& own, Names names) {
  std::optional<Outcome<ArrayReader>> opened;
  if (!words.empty())
    opened = open_word(words[i], names);
  else if (const auto name = first_of(own, names))
    opened = own.array(*name);
  if (!opened) return std::nullopt;
  if (!*opened) return tl::unexpected(opened->error());
  return std::optional(std::move(**opened));
}

tl::unexpected<Error> wrong_shape(const ArrayReader& array, const std::string& expected) {
  return bad_input(
      fmt::format("{}: shape [{}], expected {}", array.name(), fmt::join(array.shape(), ", "), expected));
}

Outcome<std::vector<std::int64_t>> whole_numbers(ArrayReader& array) {
  const auto values = array.all(most_numbers);
  if (!values) return tl::unexpected(values.error());
  std::vector<std::int64_t> numbers;
  for (const double value : *values) {
    if (value != std::floor(value) || std::abs(value) > 0x1p53)
      return bad_input(fmt::format("{}: {}, expected whole numbers", array.name(), value));
    numbers.push_back(static_cast<std::int64_t>(value));
  }
  return numbers;
}

Outcome<void> read_spans(ArrayReader& array, Step& step) {
  if (array.shape().size() != 2 || array.shape()[1] != 3)
    return wrong_shape(array, "spans [n, 3]: row, begin, end");
  const auto numbers = whole_numbers(array);
  if (!numbers) return tl::unexpected(numbers.error());
  for (std::size_t at = 0; at < numbers->size(); at += 3) {
    const auto row = (*numbers)[at], begin = (*numbers)[at + 1], end = (*numbers)[at + 2];
    if (row < 0 || row >= step.batch() || begin < 0 || begin >= end || end > (1 << 22))
      return bad_input(fmt::format("{}: span {} {} {}, expected a row of {} and columns [begin, end)",
                                   array.name(), row, begin, end, step.batch()));
    step.spans.push_back({static_cast<int>(row), static_cast<int>(begin), static_cast<int>(end)});
  }
  return {};
}

/// Runs of image tokens, and how many columns the ids have.
Outcome<void> read_ids(ArrayReader& array, const std::vector<std::int64_t>& image_tokens, Step& step) {
  if (array.shape().size() != 2 || array.shape()[0] != step.batch())
    return wrong_shape(array, fmt::format("ids [{}, seq]", step.batch()));
  const auto columns = array.shape()[1];
  if (columns > (1 << 22)) return wrong_shape(array, "at most 4194304 columns");
  std::vector<double> ids(static_cast<std::size_t>(columns));
  const auto is_image = [&](double id) {
    return std::find(image_tokens.begin(), image_tokens.end(), id) != image_tokens.end();
  };
  for (int row = 0; row < step.batch(); ++row) {
    if (auto ok = array.read(ids); !ok) return ok;
    for (auto at = ids.begin(); (at = std::find_if(at, ids.end(), is_image)) != ids.end();) {
      const auto end = std::find_if_not(at, ids.end(), is_image);
      step.spans.push_back({row, static_cast<int>(at - ids.begin()), static_cast<int>(end - ids.begin())});
      at = end;
    }
  }
  step.ids_columns = static_cast<int>(columns);
  // Only the new tokens' ids: their columns are the mask's last ones.
  const int all = step.kv_len() + step.free_slots;
  if (step.ids_columns == step.q_len && step.behind_a_cache()) {
    for (Span& span : step.spans) span.begin += step.cache_len(), span.end += step.cache_len();
    step.ids_columns = all;
  }
  if (step.ids_columns == all || (step.ids_columns > all && !step.spans.empty())) return {};
  return wrong_shape(array, fmt::format("{} columns as the mask has, or {} new ones", all, step.q_len));
}

Outcome<void> read_lengths(ArrayReader& array, Step& step) {
  auto numbers = whole_numbers(array);
  if (!numbers) return tl::unexpected(numbers.error());
  if (numbers->size() != static_cast<std::size_t>(step.batch()))
    return wrong_shape(array, fmt::format("a length for each of {} rows", step.batch()));
  step.cache_lengths = std::move(*numbers);
  return {};
}

Outcome<void> read_slots(ArrayReader& array, Step& step) {
  auto numbers = whole_numbers(array);
  if (!numbers) return tl::unexpected(numbers.error());
  const auto each = static_cast<std::size_t>(step.q_len), all = each * static_cast<std::size_t>(step.batch());
  if (numbers->size() != each && numbers->size() != all)
    return wrong_shape(
        array, fmt::format("slots [{}] of all rows, or [{}, {}]", step.q_len, step.batch(), step.q_len));
  step.slots = std::move(*numbers);
  return {};
}

Outcome<void> read_step_positions(ArrayReader& array, Step& step) {
  auto positions = read_positions(array, step.mask, step.q_len, step.free_slots, step.spans);
  if (!positions) return tl::unexpected(positions.error());
  step.positions = std::move(*positions);
  return {};
}

template <class Read>
Outcome<void> read_if_there(const std::vector<std::string>& words, std::size_t i, const ArrayFile& own,
                            Names names, Read read) {
  auto array = open_side(words, i, own, names);
  if (!array) return tl::unexpected(array.error());
  return *array ? read(**array) : Outcome<void>();
}

}  // namespace

Outcome<SideFiles> a_file_a_step(SideFiles files, std::size_t steps) {
  const std::pair<std::vector<std::string>*, const char*> lists[] = {
      {&files.positions, "--positions"},
      {&files.spans, "--spans"},
      {&files.ids, "--ids"},
      {&files.cache_lengths, "--cache-lengths"},
      {&files.slots, "--slots"}};
  for (const auto& [words, option] : lists) {
    auto all = files_of(*words);
    if (!all) return tl::unexpected(all.error());
    if (!all->empty() && all->size() != steps)
      return bad_input(
          fmt::format("{}: {} files, expected one for each of the {} steps", option, all->size(), steps));
    *words = std::move(*all);
  }
  return files;
}

Outcome<void> read_sides(Step& step, const ArrayFile& own, const SideFiles& files, std::size_t i) {
  auto ok = read_if_there(files.spans, i, own, {"image_spans"},
                          [&](ArrayReader& a) { return read_spans(a, step); });
  if (ok && (!files.ids.empty() || !files.image_tokens.empty()))
    ok = read_if_there(files.ids, i, own, {"input_ids"},
                       [&](ArrayReader& a) { return read_ids(a, files.image_tokens, step); });
  std::sort(step.spans.begin(), step.spans.end(), [](const Span& a, const Span& b) {
    return std::pair(a.row, a.begin) < std::pair(b.row, b.begin);
  });
  if (ok)
    ok = read_if_there(files.cache_lengths, i, own, {"cache_lengths", "cache_seqlens"},
                       [&](ArrayReader& a) { return read_lengths(a, step); });
  if (ok)
    ok = read_if_there(files.slots, i, own, {"cache_position", "slots"},
                       [&](ArrayReader& a) { return read_slots(a, step); });
  if (ok)
    ok = read_if_there(files.positions, i, own, {"position_ids", "positions"},
                       [&](ArrayReader& a) { return read_step_positions(a, step); });
  return ok;
}

}  // namespace flashdiff::lint
