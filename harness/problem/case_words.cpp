#include "harness/problem/case_words.h"

#include <fmt/format.h>

namespace flashdiff::detail {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }
bool stands_for_itself(char c) {
  constexpr std::string_view trouble = "%'\"\\`$&<>!";
  return is_printable(c) && c != ' ' && trouble.find(c) == std::string_view::npos;
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < line.size()) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < line.size() && !is_space(line[at])) ++at;
    words.push_back(line.substr(begin, at - begin));
  }
  return words;
}

bool read_list(std::string_view text, std::vector<int>& values) {
  for (;;) {
    const std::size_t comma = text.find(',');
    int value = 0;
    if (!read_number(text.substr(0, comma), value)) return false;
    values.push_back(value);
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

std::string escaped(std::string_view text) {
  std::string word;
  for (char c : text)
    word += stands_for_itself(c) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return word;
}

bool unescaped(std::string_view text, std::string& value) {
  value.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      value += text[i];
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size() || !read_number(text.substr(i + 1, 2), byte, 16)) return false;
    value += static_cast<char>(byte);
    i += 2;
  }
  return true;
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string line;
  for (char c : text.substr(0, longest)) line += is_printable(c) ? c : '?';
  return text.size() > longest ? line + "..." : line;
}

}  // namespace flashdiff::detail
