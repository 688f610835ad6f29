#include "reports/text.h"

#include <algorithm>
#include <cstdint>

namespace flashdiff {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view ellipsis = "\xe2\x80\xa6";     // U+2026

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Length of the UTF-8 sequence that a first byte announces, 0 where none may start so (RFC 3629, 3).
std::size_t announced(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  if (first >= 0xf0 && first < 0xf5) return 4;
  return 0;
}

bool allowed(std::uint32_t point, std::size_t length) {
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < 0x20) return point == '\t' || point == '\n';
  return point >= smallest[length] && point <= 0x10ffff && point != 0x7f && point != 0xfffe &&
         point != 0xffff && (point < 0xd800 || point > 0xdfff);
}

/// Length of the well-formed and allowed character at the start of `text`, else 0.
std::size_t character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = announced(first);
  if (length == 0 || length > text.size()) return 0;
  std::uint32_t point = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
    point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  return allowed(point, length) ? length : 0;
}

}  // namespace

std::string cleaned(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character(text);
    clean += length == 0 ? replacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string one_line(std::string_view text) {
  std::string line = cleaned(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line;
}

std::string markup_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : cleaned(text)) switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  return escaped;
}

std::string markdown_escaped(std::string_view text) {
  const std::string line = one_line(text);
  std::string escaped;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      // An underscore within a word is text (CommonMark 0.30, 6.2), and names here are full of them.
      const bool within = i > 0 && i + 1 < line.size() && is_word(line[i - 1]) && is_word(line[i + 1]);
      if (c == '_' ? !within : std::string_view("\\`*[]|~#").find(c) != std::string_view::npos)
        escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most - std::min(most, ellipsis.size());
  while (end > 0 && continues(text[end])) --end;
  return text.substr(0, end).append(ellipsis);
}

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += R"('\'')";
    else
      quoted += c;
  }
  return quoted + "'";
}

}  // namespace flashdiff
