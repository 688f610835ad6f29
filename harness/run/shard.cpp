#include "harness/run/shard.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace flashdiff {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Whoever starts many processes, by the variables that it sets.
struct Starter {
  const char *index, *count;
  const char *first = nullptr, *step = nullptr;  ///< of the index; 0 and 1 where there is no such variable
  bool count_alone_is_wrong = true, index_alone_is_wrong = true;
};
constexpr Starter kStarters[] = {
    {"GTEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS"},
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"},
    // A job may be indexed for reasons of its own.
    {"JOB_COMPLETION_INDEX", "FLASHDIFF_SHARDS", nullptr, nullptr, true, false},
};

Outcome<std::uint64_t> variable(const Environment& environment, const char* name, std::uint64_t otherwise) {
  const auto text = name == nullptr ? std::nullopt : environment(name);
  if (!text) return otherwise;
  if (const auto value = whole_number(*text)) return *value;
  return bad_input(fmt::format("{}={}: expected a whole number", name, *text));
}

Outcome<Shard> shard_from(const Environment& environment, const Starter& starter) {
  const auto index = variable(environment, starter.index, 0), count = variable(environment, starter.count, 1),
             first = variable(environment, starter.first, 0), step = variable(environment, starter.step, 1);
  for (const auto* value : {&index, &count, &first, &step})
    if (!*value) return tl::unexpected<Error>(value->error());
  const std::uint64_t number = *step == 0 || *index < *first ? 0 : (*index - *first) / *step + 1;
  if (*count < 1 || number < 1 || number > *count)
    return bad_input(fmt::format("{}={}, {}={}: expected an index of one of so many shards", starter.index,
                                 *index, starter.count, *count));
  return Shard{number, *count};
}

}  // namespace

std::string in_words(const Shard& shard) { return fmt::format("{}/{}", shard.number, shard.of); }

Outcome<Shard> shard_named(const std::string& word) {
  const auto slash = word.find('/');
  if (slash != std::string::npos) {
    const auto number = whole_number(std::string_view(word).substr(0, slash)),
               of = whole_number(std::string_view(word).substr(slash + 1));
    if (number && of && *number >= 1 && *number <= *of) return Shard{*number, *of};
  }
  return bad_input(fmt::format("{}: expected K/N, as 1/4 is the first of four", word));
}

Outcome<std::optional<Shard>> shard_of(const Environment& environment) {
  for (const Starter& starter : kStarters) {
    const bool index = environment(starter.index).has_value(), count = environment(starter.count).has_value();
    if (index && count) return shard_from(environment, starter).map([](Shard s) { return std::optional(s); });
    if (index != count && (index ? starter.index_alone_is_wrong : starter.count_alone_is_wrong))
      return bad_input(fmt::format("{} is set, and {} is not: expected both, or neither",
                                   index ? starter.index : starter.count,
                                   index ? starter.count : starter.index));
  }
  return std::optional<Shard>();
}

}  // namespace flashdiff
