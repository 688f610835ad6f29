#include "harness/problem/case.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/case_keys.h"
#include "harness/problem/case_words.h"

namespace flashdiff {
namespace {

using detail::Draft;
using detail::Key;
using detail::shown;

std::string names_of_keys() {
  std::vector<const char*> names;
  for (const Key& key : detail::case_keys()) names.push_back(key.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// One `key=value` into the draft; `seen` grows by the key.
Outcome<void> read_word(std::string_view word, Draft& draft, std::vector<const Key*>& seen) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos)
    return bad_input(fmt::format("case: '{}', expected key=value", shown(word)));
  const std::string_view name = word.substr(0, equals);
  const std::string_view text = word.substr(equals + 1);
  const auto keys = detail::case_keys();
  const auto key = std::find_if(keys.begin(), keys.end(), [name](const Key& k) { return name == k.name; });
  if (key == keys.end())
    return bad_input(
        fmt::format("case: unknown key in '{}', expected one of {}", shown(word), names_of_keys()));
  if (std::find(seen.begin(), seen.end(), &*key) != seen.end())
    return bad_input(fmt::format("case: a second {} in '{}', expected it once", key->name, shown(word)));
  seen.push_back(&*key);
  if (!key->read(text, draft))
    return bad_input(fmt::format("case: {}='{}', expected {}", key->name, shown(text), key->expected()));
  return {};
}

Outcome<void> put_sequences(Draft& draft) {
  for (const auto& [name, list] : {std::pair{"q", &draft.q_lens}, std::pair{"kv", &draft.kv_lens}})
    if (std::cmp_not_equal(list->size(), draft.batch))
      return bad_input(fmt::format("case: {} lists {} lengths, expected as many as b={}", name, list->size(),
                                   draft.batch));
  for (std::size_t s = 0; s < draft.q_lens.size(); ++s)
    draft.value.problem.sequences.push_back({draft.q_lens[s], draft.kv_lens[s]});
  return {};
}

}  // namespace

std::string print(const Case& c) {
  std::string line = "fd1";
  for (const Key& key : detail::case_keys())
    if (const auto value = key.write(c)) line += fmt::format(" {}={}", key.name, *value);
  return line;
}

Outcome<Case> parse_case(std::string_view line) {
  const std::vector<std::string_view> words = detail::words_of(line);
  if (words.empty() || words.front() != "fd1")
    return bad_input(
        fmt::format("case: begins with '{}', expected 'fd1'", words.empty() ? "" : shown(words.front())));
  Draft draft;
  std::vector<const Key*> seen;
  for (std::size_t i = 1; i < words.size(); ++i)
    if (auto ok = read_word(words[i], draft, seen); !ok) return tl::unexpected(ok.error());
  for (const Key& key : detail::case_keys())
    if (key.required && std::find(seen.begin(), seen.end(), &key) == seen.end())
      return bad_input(fmt::format("case: {} is missing, expected {}", key.name, key.expected()));
  if (auto ok = put_sequences(draft); !ok) return tl::unexpected(ok.error());
  return validated(std::move(draft.value));
}

}  // namespace flashdiff
