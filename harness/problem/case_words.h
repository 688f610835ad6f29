#pragma once
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace flashdiff::detail {

/// The words of a case line, separated by white space.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view line);

/// The whole of `text` as a number; false where anything is left over or out of the type's range.
template <class Number, class... Base>
[[nodiscard]] bool read_number(std::string_view text, Number& value, Base... base) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base...);
  return result.ec == std::errc{} && result.ptr == end;
}

/// Whole numbers separated by commas, at least one.
[[nodiscard]] bool read_list(std::string_view text, std::vector<int>& values);

/// Percent-escapes (RFC 3986) every byte that would end the word, that a shell's quotes would trip over, or
/// that is not printable ASCII, so that any path is one word and reads back as itself.
[[nodiscard]] std::string escaped(std::string_view text);
[[nodiscard]] bool unescaped(std::string_view text, std::string& value);

/// What stood there, fit for one line of an error: shortened, and with '?' for what is not printable.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace flashdiff::detail
