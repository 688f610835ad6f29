#include "harness/lint/npy.h"

#include <array>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/case_words.h"

namespace flashdiff::lint {
namespace {

using flashdiff::detail::read_number;
using flashdiff::detail::shown;

constexpr std::size_t longest_header = 1 << 16;  ///< a hundred bytes are usual
constexpr std::int64_t most_transposed = 1 << 27;

/// Reads the few forms of a Python literal that such a header may hold.
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  std::optional<std::string_view> string() {
    skip_space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
    const auto end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto word = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return word;
  }
  std::string_view word() {  // a number, True or False
    skip_space();
    const auto end = std::min(text_.size(), text_.find_first_of(" ,)}\n", at_));
    const auto found = text_.substr(at_, end - at_);
    at_ = end;
    return found;
  }
  std::optional<std::vector<std::int64_t>> tuple() {
    constexpr std::size_t most_dimensions = 32;  // as NumPy has it
    std::vector<std::int64_t> numbers;
    if (!take('(')) return std::nullopt;
    while (!take(')')) {
      std::int64_t number = 0;
      if (numbers.size() == most_dimensions || !read_number(word(), number)) return std::nullopt;
      numbers.push_back(number);
      if (!take(',')) return take(')') ? std::optional(numbers) : std::nullopt;
    }
    return numbers;
  }
  [[nodiscard]] bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

 private:
  void skip_space() { at_ = std::min(text_.size(), text_.find_first_not_of(" \n\t", at_)); }
  std::string_view text_;
  std::size_t at_ = 0;
};

/// "<i8", "|b1", ">f4".
std::optional<Element> element_of(std::string_view descr) {
  if (descr.size() < 3) return std::nullopt;
  Element element;
  element.swapped = descr[0] == '>';
  if (!element.swapped && descr[0] != '<' && descr[0] != '|' && descr[0] != '=') return std::nullopt;
  if (!read_number(descr.substr(2), element.bytes)) return std::nullopt;
  const bool power = element.bytes == 1 || element.bytes == 2 || element.bytes == 4 || element.bytes == 8;
  switch (descr[1]) {
    case 'b':
      element.kind = ElementKind::boolean;
      return element.bytes == 1 ? std::optional(element) : std::nullopt;
    case 'i': element.kind = ElementKind::whole; break;
    case 'u': element.kind = ElementKind::unsigned_whole; break;
    case 'f':
      element.kind = ElementKind::real;
      return power && element.bytes > 1 ? std::optional(element) : std::nullopt;
    default: return std::nullopt;
  }
  return power ? std::optional(element) : std::nullopt;
}

Outcome<std::string> header_text(Source& source, const std::string& name) {
  std::array<std::byte, 12> start{};
  const auto got = source.read(std::span(start).first(10));
  if (!got) return tl::unexpected(got.error());
  if (*got < 10 || std::memcmp(start.data(), "\x93NUMPY", 6) != 0)
    return bad_input(name + ": no .npy file by its first bytes, expected \\x93NUMPY");
  const int version = std::to_integer<int>(start[6]);
  if (version < 1 || version > 3)
    return bad_input(fmt::format("{}: .npy version {}, expected 1, 2 or 3", name, version));
  std::size_t length = std::to_integer<std::size_t>(start[8]) | std::to_integer<std::size_t>(start[9]) << 8;
  if (version > 1) {
    const auto more = source.read(std::span(start).last(2));
    if (!more) return tl::unexpected(more.error());
    length |= std::to_integer<std::size_t>(start[10]) << 16 | std::to_integer<std::size_t>(start[11]) << 24;
  }
  if (length > longest_header)
    return bad_input(
        fmt::format("{}: an .npy header of {} bytes, expected at most {}", name, length, longest_header));
  std::string text(length, ' ');
  const auto there = source.read(std::as_writable_bytes(std::span(text)));
  if (!there) return tl::unexpected(there.error());
  if (*there < length) return bad_input(name + ": ends within its .npy header");
  return text;
}

/// Elements that lie column by column, in C order.
std::vector<double> transposed(const std::vector<std::int64_t>& shape, const std::vector<double>& from) {
  std::vector<double> to(from.size());
  std::vector<std::int64_t> index(shape.size());
  for (double& value : to) {
    std::int64_t at = 0;
    for (std::size_t d = shape.size(); d-- > 0;) at = at * shape[d] + index[d];
    value = from[static_cast<std::size_t>(at)];
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return to;
}

}  // namespace

Outcome<NpyHeader> read_npy_header(std::string_view text, const std::string& name) {
  NpyHeader header;
  Literal literal(text);
  bool descr = false, order = false, shape = false;
  const auto wrong = [&] {
    return bad_input(fmt::format("{}: .npy header '{}', expected a dict of descr, fortran_order and shape",
                                 name, shown(text)));
  };
  if (!literal.take('{')) return wrong();
  while (!literal.take('}')) {
    const auto key = literal.string();
    if (!key || !literal.take(':')) return wrong();
    if (*key == "descr") {
      const auto type = literal.string();
      if (!type) return bad_input(name + ": elements of several fields, expected plain numbers or booleans");
      const auto element = element_of(*type);
      if (!element)
        return bad_input(fmt::format("{}: elements of type '{}', expected booleans, whole numbers or floats",
                                     name, shown(*type)));
      header.element = *element, descr = true;
    } else if (*key == "fortran_order") {
      const auto word = literal.word();
      if (word != "True" && word != "False") return wrong();
      header.fortran_order = word == "True", order = true;
    } else if (*key == "shape") {
      auto numbers = literal.tuple();
      if (!numbers || elements_of(*numbers) < 0) return wrong();
      header.shape = std::move(*numbers), shape = true;
    } else {
      return wrong();
    }
    literal.take(',');
  }
  if (!descr || !order || !shape || !literal.at_end()) return wrong();
  return header;
}

Outcome<ArrayReader> read_npy(std::unique_ptr<Source> source, const std::string& name) {
  const auto text = header_text(*source, name);
  if (!text) return tl::unexpected(text.error());
  auto header = read_npy_header(*text, name);
  if (!header) return tl::unexpected(header.error());
  const auto needed = static_cast<std::uint64_t>(elements_of(header->shape) * header->element.bytes);
  if (const auto left = source->left(); left && *left != needed)
    return bad_input(fmt::format("{}: {} bytes behind the header, expected {} for its shape [{}]", name,
                                 *left, needed, fmt::join(header->shape, ", ")));
  ArrayReader array(name, header->shape, header->element, std::move(source));
  if (!header->fortran_order || header->shape.size() < 2) return array;
  auto values = array.all(most_transposed);
  if (!values) return tl::unexpected(values.error());
  return ArrayReader(name, header->shape, transposed(header->shape, *values));
}

}  // namespace flashdiff::lint
