#include "harness/problem/case_keys.h"

#include <array>
#include <type_traits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/case_words.h"
#include "harness/problem/limits.h"
#include "harness/problem/names.h"

namespace flashdiff::detail {
namespace {

using Text = std::optional<std::string>;

// A field is named by a pointer to member of Case, Problem or Layout; these find its owner within the case.
template <class T>
decltype(auto) field(T Case::*member, auto& c) {
  return (c.*member);
}
template <class T>
decltype(auto) field(T Problem::*member, auto& c) {
  return (c.problem.*member);
}
template <class T>
decltype(auto) field(T Layout::*member, auto& c) {
  return (c.layout.*member);
}

template <auto member>
Text write(const Case& c) {
  const auto& value = field(member, c);
  if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>)
    return name_of(value);
  else
    return fmt::format("{}", value);
}

template <auto member>
Text write_unless_default(const Case& c) {
  static const Case defaults;
  if (field(member, c) == field(member, defaults)) return std::nullopt;
  return write<member>(c);
}

template <class Enum>
bool read_name(std::string_view text, Enum& value) {
  const std::optional<Enum> found = named<Enum>(text);
  if (found) value = *found;
  return found.has_value();
}

template <auto member>
bool read(std::string_view text, Draft& draft) {
  auto& value = field(member, draft.value);
  if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>)
    return read_name(text, value);
  else
    return read_number(text, value);
}

template <int low, int high>
std::string number_in() {
  return fmt::format("a whole number from {} to {}", low, high);
}
std::string a_list() { return "whole numbers separated by commas, one a sequence"; }

Text write_batch(const Case& c) { return std::to_string(c.problem.batch()); }
bool read_batch(std::string_view text, Draft& draft) { return read_number(text, draft.batch); }

template <int SequenceLengths::*which>
Text write_lengths(const Case& c) {
  std::vector<int> values;
  for (const SequenceLengths& one : c.problem.sequences) values.push_back(one.*which);
  return fmt::format("{}", fmt::join(values, ","));
}
template <std::vector<int> Draft::*which>
bool read_lengths(std::string_view text, Draft& draft) {
  return read_list(text, draft.*which);
}

std::string a_memory_order() { return "bshd, bhsd, bshd.view or bhsd.view"; }
Text write_memory_order(const Case& c) {
  if (c.layout.order == Order::bshd && !c.layout.view) return std::nullopt;
  return fmt::format("{}{}", name_of(c.layout.order), c.layout.view ? ".view" : "");
}
bool read_memory_order(std::string_view text, Draft& draft) {
  constexpr std::string_view view = ".view";
  Layout& layout = draft.value.layout;
  layout.view = text.ends_with(view);
  if (layout.view) text.remove_suffix(view.size());
  return read_name(text, layout.order);
}

std::string a_page() {
  return fmt::format("a multiple of {} from {} to {}", limits::page_step, limits::page_step, limits::page);
}

std::string a_mask() {
  return fmt::format("none, causal_tl, causal_br or window:LEFT,RIGHT, each side 0 to {} or inf",
                     limits::window);
}
std::string bound(int value) { return value == Mask::unbounded ? "inf" : std::to_string(value); }
Text write_mask(const Case& c) {
  const Mask& mask = c.problem.mask;
  if (mask.kind != MaskKind::window) return name_of(mask.kind);
  return fmt::format("window:{},{}", bound(mask.left), bound(mask.right));
}
bool read_bound(std::string_view text, int& value) {
  value = Mask::unbounded;
  return text == "inf" || (read_number(text, value) && value >= 0 && value <= limits::window);
}
bool read_mask(std::string_view text, Draft& draft) {
  constexpr std::string_view window = "window:";
  Mask& mask = draft.value.problem.mask;
  if (!text.starts_with(window)) return read_name(text, mask.kind) && mask.kind != MaskKind::window;
  mask.kind = MaskKind::window;
  text.remove_prefix(window.size());
  const std::size_t comma = text.find(',');
  return comma != std::string_view::npos && read_bound(text.substr(0, comma), mask.left) &&
         read_bound(text.substr(comma + 1), mask.right);
}

std::string a_scale() {
  return fmt::format("a number from {} to {}", limits::smallest_scale, limits::largest_scale);
}
Text write_scale(const Case& c) {
  if (!c.problem.scale) return std::nullopt;
  return fmt::format("{}", *c.problem.scale);  // the shortest text that reads back as the same float
}
bool read_scale(std::string_view text, Draft& draft) {
  return read_number(text, draft.value.problem.scale.emplace());
}

std::string a_softcap() {
  return fmt::format("a number from {} to {}", limits::smallest_softcap, limits::largest_softcap);
}
Text write_softcap(const Case& c) {
  if (!c.problem.softcap) return std::nullopt;
  return fmt::format("{}", *c.problem.softcap);
}
bool read_softcap(std::string_view text, Draft& draft) {
  return read_number(text, draft.value.problem.softcap.emplace());
}

std::string an_alibi() { return "on, or no such key"; }
Text write_alibi(const Case& c) {
  if (!c.problem.alibi) return std::nullopt;
  return "on";
}
bool read_alibi(std::string_view text, Draft& draft) { return draft.value.problem.alibi = text == "on"; }

constexpr std::string_view kSeeded = "seeded";
std::string a_sink() {
  return fmt::format("{}, or a number from {} to {}", kSeeded, -limits::sink, limits::sink);
}
Text write_sink(const Case& c) {
  if (!c.problem.sink) return std::nullopt;
  if (!c.problem.sink->logit) return std::string(kSeeded);
  return fmt::format("{}", *c.problem.sink->logit);
}
bool read_sink(std::string_view text, Draft& draft) {
  Sink& sink = draft.value.problem.sink.emplace();
  return text == kSeeded || read_number(text, sink.logit.emplace());
}

constexpr std::string_view kAll = "all";
std::string a_rope() {
  return fmt::format(
      "half or interleaved, or either with what is turned and the base: half:COLUMNS,BASE; "
      "COLUMNS even or {}, BASE from {} to {}",
      kAll, limits::smallest_rope_base, limits::largest_rope_base);
}
Text write_rope(const Case& c) {
  if (!c.problem.rope) return std::nullopt;
  const Rope& rope = *c.problem.rope;
  std::string text = name_of(rope.form);
  if (rope.dim || rope.base != Rope::usual_base)
    text += rope.dim ? fmt::format(":{}", *rope.dim) : fmt::format(":{}", kAll);
  if (rope.base != Rope::usual_base) text += fmt::format(",{}", rope.base);
  return text;
}
bool read_rope(std::string_view text, Draft& draft) {
  Rope& rope = draft.value.problem.rope.emplace();
  const std::size_t colon = text.find(':');
  if (!read_name(text.substr(0, colon), rope.form)) return false;
  if (colon == std::string_view::npos) return true;
  text.remove_prefix(colon + 1);
  const std::size_t comma = text.find(',');
  const std::string_view columns = text.substr(0, comma);
  if (columns != kAll && !read_number(columns, rope.dim.emplace())) return false;
  return comma == std::string_view::npos || read_number(text.substr(comma + 1), rope.base);
}

std::string a_path() { return "a path, with %20 for a space and %25 for a percent sign"; }
Text write_path(const Case& c) {
  if (c.problem.data_file.empty()) return std::nullopt;
  return escaped(c.problem.data_file);
}
bool read_path(std::string_view text, Draft& draft) {
  return !text.empty() && unescaped(text, draft.value.problem.data_file);
}
Text write_rows(const Case& c) {
  if (c.problem.data_rows.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(c.problem.data_rows, ","));
}
bool read_rows(std::string_view text, Draft& draft) { return read_list(text, draft.value.problem.data_rows); }

std::string a_seed() { return "a number of up to 64 bits such as 0x2a"; }
Text write_seed(const Case& c) { return fmt::format("{:#x}", c.problem.seed); }
bool read_seed(std::string_view text, Draft& draft) {
  if (text.starts_with("0x")) return read_number(text.substr(2), draft.value.problem.seed, 16);
  return read_number(text, draft.value.problem.seed);
}

constexpr bool required = true;
constexpr bool optional = false;

constexpr std::array kKeys{
    Key{"b", required, number_in<1, limits::batch>, write_batch, read_batch},
    Key{"hq", required, number_in<1, limits::heads>, write<&Problem::h_q>, read<&Problem::h_q>},
    Key{"hk", required, number_in<1, limits::heads>, write<&Problem::h_kv>, read<&Problem::h_kv>},
    Key{"d", required, number_in<1, limits::head_dim>, write<&Problem::d_qk>, read<&Problem::d_qk>},
    Key{"dv", required, number_in<1, limits::head_dim>, write<&Problem::d_v>, read<&Problem::d_v>},
    Key{"dt", required, names_of<DType>, write<&Problem::dtype>, read<&Problem::dtype>},
    Key{"lay", required, names_of<Padding>, write<&Layout::padding>, read<&Layout::padding>},
    Key{"mem", optional, a_memory_order, write_memory_order, read_memory_order},
    Key{"pad", optional, number_in<0, limits::pad>, write_unless_default<&Layout::pad>, read<&Layout::pad>},
    Key{"page", optional, a_page, write_unless_default<&Layout::page>, read<&Layout::page>},
    Key{"hole", optional, number_in<0, limits::pad>, write_unless_default<&Layout::hole>,
        read<&Layout::hole>},
    Key{"q", required, a_list, write_lengths<&SequenceLengths::q_len>, read_lengths<&Draft::q_lens>},
    Key{"kv", required, a_list, write_lengths<&SequenceLengths::kv_len>, read_lengths<&Draft::kv_lens>},
    Key{"mask", required, a_mask, write_mask, read_mask},
    Key{"scale", optional, a_scale, write_scale, read_scale},
    Key{"softcap", optional, a_softcap, write_softcap, read_softcap},
    Key{"alibi", optional, an_alibi, write_alibi, read_alibi},
    Key{"sink", optional, a_sink, write_sink, read_sink},
    Key{"pass", optional, names_of<Pass>, write_unless_default<&Problem::pass>, read<&Problem::pass>},
    Key{"rope", optional, a_rope, write_rope, read_rope},
    Key{"data", required, names_of<DataFamily>, write<&Problem::data>, read<&Problem::data>},
    Key{"file", optional, a_path, write_path, read_path},
    Key{"rows", optional, a_list, write_rows, read_rows},
    Key{"seed", required, a_seed, write_seed, read_seed},
    Key{"poison", optional, names_of<Poison>, write_unless_default<&Case::poison>, read<&Case::poison>},
    Key{"after", optional, names_of<After>, write_unless_default<&Case::after>, read<&Case::after>},
};

}  // namespace

std::span<const Key> case_keys() { return kKeys; }

}  // namespace flashdiff::detail
