#include "harness/problem/case.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/case_words.h"
#include "harness/problem/limits.h"
#include "harness/problem/names.h"

namespace flashdiff {
namespace {

using detail::escaped;
using detail::read_list;
using detail::read_number;
using detail::unescaped;

/// A case while its line is read: what several keys must agree on is kept apart until all have spoken.
struct Draft {
  Case value;
  int batch = 0;
  std::vector<int> q_lens, kv_lens;
};

/// One key of the line: how it is written, how it is read, what it expects. `write` gives nothing where the
/// value is the default that a reader would not miss; a key that is `required` is always written.
struct Key {
  const char* name;
  bool required;
  std::string (*expected)();
  std::optional<std::string> (*write)(const Case&);
  bool (*read)(std::string_view, Draft&);
};

template <class Enum>
bool read_name(std::string_view text, Enum& value) {
  const std::optional<Enum> found = named<Enum>(text);
  if (found) value = *found;
  return found.has_value();
}

std::string comma_separated(const std::vector<int>& values) {
  return fmt::format("{}", fmt::join(values, ","));
}

std::string lengths(const Case& c, int SequenceLengths::*which) {
  std::vector<int> values;
  for (const SequenceLengths& one : c.problem.sequences) values.push_back(one.*which);
  return comma_separated(values);
}

std::string write_bound(int bound) { return bound == Mask::unbounded ? "inf" : std::to_string(bound); }

bool read_bound(std::string_view text, int& bound) {
  if (text == "inf") {
    bound = Mask::unbounded;
    return true;
  }
  return read_number(text, bound) && bound >= 0;
}

std::string write_mask(const Mask& mask) {
  if (mask.kind != MaskKind::window) return name_of(mask.kind);
  return fmt::format("window:{},{}", write_bound(mask.left), write_bound(mask.right));
}

bool read_mask(std::string_view text, Mask& mask) {
  constexpr std::string_view window = "window:";
  if (text.substr(0, window.size()) != window) {
    mask = {};
    return read_name(text, mask.kind) && mask.kind != MaskKind::window;
  }
  text.remove_prefix(window.size());
  const std::size_t comma = text.find(',');
  mask.kind = MaskKind::window;
  return comma != std::string_view::npos && read_bound(text.substr(0, comma), mask.left) &&
         read_bound(text.substr(comma + 1), mask.right);
}

std::optional<std::string> write_mem(const Case& c) {
  if (c.layout.order == Order::bshd && !c.layout.view) return std::nullopt;
  return fmt::format("{}{}", name_of(c.layout.order), c.layout.view ? ".view" : "");
}

bool read_mem(std::string_view text, Layout& layout) {
  constexpr std::string_view view = ".view";
  layout.view = text.size() >= view.size() && text.substr(text.size() - view.size()) == view;
  if (layout.view) text.remove_suffix(view.size());
  return read_name(text, layout.order);
}

/// Decimal, or hexadecimal as it is printed.
bool read_seed(std::string_view text, std::uint64_t& seed) {
  if (text.substr(0, 2) == "0x") return read_number(text.substr(2), seed, 16);
  return read_number(text, seed);
}

template <int low, int high>
std::string number_in() {
  return fmt::format("a whole number from {} to {}", low, high);
}
std::string a_list() { return "whole numbers separated by commas, one a sequence"; }

// In the order in which they are printed. Lambdas, so that a key is one entry.
const std::array kKeys{
    Key{"b", true, number_in<1, limits::batch>,
        [](const Case& c) -> std::optional<std::string> { return std::to_string(c.problem.batch()); },
        [](std::string_view text, Draft& d) { return read_number(text, d.batch); }},
    Key{"hq", true, number_in<1, limits::heads>,
        [](const Case& c) -> std::optional<std::string> { return std::to_string(c.problem.h_q); },
        [](std::string_view text, Draft& d) { return read_number(text, d.value.problem.h_q); }},
    Key{"hk", true, number_in<1, limits::heads>,
        [](const Case& c) -> std::optional<std::string> { return std::to_string(c.problem.h_kv); },
        [](std::string_view text, Draft& d) { return read_number(text, d.value.problem.h_kv); }},
    Key{"d", true, number_in<1, limits::head_dim>,
        [](const Case& c) -> std::optional<std::string> { return std::to_string(c.problem.d_qk); },
        [](std::string_view text, Draft& d) { return read_number(text, d.value.problem.d_qk); }},
    Key{"dv", true, number_in<1, limits::head_dim>,
        [](const Case& c) -> std::optional<std::string> { return std::to_string(c.problem.d_v); },
        [](std::string_view text, Draft& d) { return read_number(text, d.value.problem.d_v); }},
    Key{"dt", true, names_of<DType>,
        [](const Case& c) -> std::optional<std::string> { return name_of(c.problem.dtype); },
        [](std::string_view text, Draft& d) { return read_name(text, d.value.problem.dtype); }},
    Key{"lay", true, names_of<Padding>,
        [](const Case& c) -> std::optional<std::string> { return name_of(c.layout.padding); },
        [](std::string_view text, Draft& d) { return read_name(text, d.value.layout.padding); }},
    Key{"mem", false, [] { return std::string("bshd, bhsd, bshd.view or bhsd.view"); }, write_mem,
        [](std::string_view text, Draft& d) { return read_mem(text, d.value.layout); }},
    Key{"pad", false, number_in<0, limits::pad>,
        [](const Case& c) -> std::optional<std::string> {
          if (c.layout.pad == 0) return std::nullopt;
          return std::to_string(c.layout.pad);
        },
        [](std::string_view text, Draft& d) { return read_number(text, d.value.layout.pad); }},
    Key{"q", true, a_list,
        [](const Case& c) -> std::optional<std::string> { return lengths(c, &SequenceLengths::q_len); },
        [](std::string_view text, Draft& d) { return read_list(text, d.q_lens); }},
    Key{"kv", true, a_list,
        [](const Case& c) -> std::optional<std::string> { return lengths(c, &SequenceLengths::kv_len); },
        [](std::string_view text, Draft& d) { return read_list(text, d.kv_lens); }},
    Key{"mask", true,
        [] { return std::string("none, causal_tl, causal_br or window:LEFT,RIGHT (numbers or inf)"); },
        [](const Case& c) -> std::optional<std::string> { return write_mask(c.problem.mask); },
        [](std::string_view text, Draft& d) { return read_mask(text, d.value.problem.mask); }},
    Key{"scale", false, [] { return std::string("a number such as 0.125"); },
        [](const Case& c) -> std::optional<std::string> {
          if (!c.problem.scale) return std::nullopt;
          return fmt::format("{}", *c.problem.scale);  // the shortest text that reads back as the same float
        },
        [](std::string_view text, Draft& d) { return read_number(text, d.value.problem.scale.emplace()); }},
    Key{"data", true, names_of<DataFamily>,
        [](const Case& c) -> std::optional<std::string> { return name_of(c.problem.data); },
        [](std::string_view text, Draft& d) { return read_name(text, d.value.problem.data); }},
    Key{"file", false, [] { return std::string("a path, with %20 for a space and %25 for a percent sign"); },
        [](const Case& c) -> std::optional<std::string> {
          if (c.problem.data_file.empty()) return std::nullopt;
          return escaped(c.problem.data_file);
        },
        [](std::string_view text, Draft& d) { return unescaped(text, d.value.problem.data_file); }},
    Key{"rows", false, a_list,
        [](const Case& c) -> std::optional<std::string> {
          if (c.problem.data_rows.empty()) return std::nullopt;
          return comma_separated(c.problem.data_rows);
        },
        [](std::string_view text, Draft& d) { return read_list(text, d.value.problem.data_rows); }},
    Key{"seed", true, [] { return std::string("a number of up to 64 bits such as 0x2a"); },
        [](const Case& c) -> std::optional<std::string> { return fmt::format("{:#x}", c.problem.seed); },
        [](std::string_view text, Draft& d) { return read_seed(text, d.value.problem.seed); }},
    Key{"poison", false, names_of<Poison>,
        [](const Case& c) -> std::optional<std::string> {
          if (c.poison == Poison::nan) return std::nullopt;
          return name_of(c.poison);
        },
        [](std::string_view text, Draft& d) { return read_name(text, d.value.poison); }},
};

std::string names_of_keys() {
  std::vector<const char*> names;
  for (const Key& key : kKeys) names.push_back(key.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string print(const Case& c) {
  std::string line = "fd1";
  for (const Key& key : kKeys)
    if (const std::optional<std::string> value = key.write(c))
      line += fmt::format(" {}={}", key.name, *value);
  return line;
}

Outcome<Case> parse_case(std::string_view line) {
  std::vector<std::string_view> words = detail::words_of(line);
  if (words.empty() || words.front() != "fd1")
    return bad_input(fmt::format("case: begins with '{}', expected 'fd1'",
                                 words.empty() ? "" : detail::shown(words.front())));
  words.erase(words.begin());

  Draft draft;
  std::array<bool, kKeys.size()> seen{};
  for (std::string_view word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos)
      return bad_input(fmt::format("case: '{}', expected key=value", detail::shown(word)));
    const std::string_view name = word.substr(0, equals);
    const std::string_view text = word.substr(equals + 1);
    const auto* key =
        std::find_if(kKeys.begin(), kKeys.end(), [name](const Key& k) { return name == k.name; });
    if (key == kKeys.end())
      return bad_input(
          fmt::format("case: unknown key in '{}', expected one of {}", detail::shown(word), names_of_keys()));
    bool& met = seen[static_cast<std::size_t>(key - kKeys.begin())];
    if (met)
      return bad_input(
          fmt::format("case: second {} in '{}', expected it once", key->name, detail::shown(word)));
    met = true;
    if (!key->read(text, draft))
      return bad_input(
          fmt::format("case: {}='{}', expected {}", key->name, detail::shown(text), key->expected()));
  }
  for (std::size_t i = 0; i < kKeys.size(); ++i)
    if (kKeys[i].required && !seen[i])
      return bad_input(fmt::format("case: {} is missing, expected {}", kKeys[i].name, kKeys[i].expected()));

  for (const auto& [name, list] : {std::pair{"q", &draft.q_lens}, std::pair{"kv", &draft.kv_lens}})
    if (static_cast<std::int64_t>(list->size()) != draft.batch)
      return bad_input(
          fmt::format("case: {} lists {} lengths, expected b={}", name, list->size(), draft.batch));
  for (std::size_t s = 0; s < draft.q_lens.size(); ++s)
    draft.value.problem.sequences.push_back({draft.q_lens[s], draft.kv_lens[s]});
  return validated(std::move(draft.value));
}

}  // namespace flashdiff
