#include "harness/softcuda/ptx/lexer.h"

#include <array>
#include <bit>
#include <charconv>

namespace softcuda::ptx {
namespace {

enum : std::uint8_t { kSpace = 1, kStart = 2, kFollow = 4, kDigit = 8, kHex = 16, kPunctuation = 32 };

constexpr std::array<std::uint8_t, 256> classes() {
  std::array<std::uint8_t, 256> table{};
  for (const char c : {' ', '\t', '\r', '\n', '\f', '\v'}) table[static_cast<unsigned char>(c)] |= kSpace;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] |= kStart | kFollow;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] |= kStart | kFollow;
  for (const char c : {'_', '$', '%'}) table[static_cast<unsigned char>(c)] |= kStart;
  for (const char c : {'_', '$'}) table[static_cast<unsigned char>(c)] |= kFollow;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] |= kFollow | kDigit | kHex;
  for (const char c : {'a', 'b', 'c', 'd', 'e', 'f', 'A', 'B', 'C', 'D', 'E', 'F'})
    table[static_cast<unsigned char>(c)] |= kHex;
  for (const char c : {',', ';', ':', '{', '}', '[', ']', '(', ')', '<', '>', '=',
                       '+', '-', '!', '@', '|', '*', '/', '%', '&', '^', '~', '?'})
    table[static_cast<unsigned char>(c)] |= kPunctuation;
  return table;
}
constexpr auto kClasses = classes();
bool is(char c, std::uint8_t what) { return (kClasses[static_cast<unsigned char>(c)] & what) != 0; }

}  // namespace

Token Lexer::taken(TokenKind kind, std::size_t begin, std::uint64_t bits) {
  return {kind, text_.substr(begin, position_ - begin), bits, line_,
          static_cast<int>(token_start_ - line_start_) + 1};
}

Token Lexer::error(std::string_view what) {
  failed_ = true;
  failure_ = {TokenKind::error, what, 0, line_, static_cast<int>(token_start_ - line_start_) + 1};
  return failure_;
}

/// False where a comment never ends.
bool Lexer::skip_space_and_comments() {
  for (;;) {
    const char c = at();
    if (is(c, kSpace)) {
      ++position_;
      if (c == '\n') {
        ++line_;
        line_start_ = position_;
      }
    } else if (c == '/' && at(1) == '/') {
      while (position_ < text_.size() && at() != '\n') ++position_;
    } else if (c == '/' && at(1) == '*') {
      token_start_ = position_;
      position_ += 2;
      while (!(at() == '*' && at(1) == '/')) {
        if (position_ >= text_.size()) return false;
        if (at() == '\n') {
          ++line_;
          line_start_ = position_ + 1;
        }
        ++position_;
      }
      position_ += 2;
    } else {
      return true;
    }
  }
}

Token Lexer::next() {
  if (failed_) return failure_;
  if (!skip_space_and_comments()) return error("a comment that never ends");
  token_start_ = position_;
  if (position_ >= text_.size()) return taken(TokenKind::end, position_);
  const char c = at();

  if (is(c, kDigit)) return number();
  if (is(c, kStart) && !(c == '%' && !is(at(1), kFollow))) {
    ++position_;
    while (is(at(), kFollow)) ++position_;
    return taken(TokenKind::name, token_start_);
  }
  if (c == '.') {
    ++position_;
    if (!is(at(), kFollow)) return error("a dot with no name behind it");
    const std::size_t begin = position_;
    while (is(at(), kFollow) || (at() == ':' && at(1) == ':' && is(at(2), kFollow)))
      position_ += at() == ':' ? 2 : 1;
    return taken(TokenKind::dotted, begin);
  }
  if (c == '"') {
    ++position_;
    const std::size_t begin = position_;
    while (at() != '"') {
      if (position_ >= text_.size() || at() == '\n') return error("a string that never ends");
      position_ += at() == '\\' && position_ + 1 < text_.size() && at(1) != '\n' ? 2 : 1;
    }
    Token token = taken(TokenKind::string, begin);
    ++position_;
    return token;
  }
  if (is(c, kPunctuation)) {
    ++position_;
    return taken(TokenKind::punctuation, token_start_);
  }
  return error("a character that PTX does not have");
}

void Lexer::more_bytes(std::string& into) {
  const auto blanks = [this](std::size_t ahead) {
    while (at(ahead) == ' ' || at(ahead) == '\t') ++ahead;
    return ahead;
  };
  for (;;) {
    std::size_t ahead = blanks(0);
    if (at(ahead) != ',') return;
    ahead = blanks(ahead + 1);
    const std::size_t begin = ahead;
    unsigned value = 0;
    for (; ahead < begin + 3 && is(at(ahead), kDigit); ++ahead)
      value = value * 10 + static_cast<unsigned>(at(ahead) - '0');
    const bool octal = at(begin) == '0' && ahead > begin + 1;
    if (ahead == begin || octal || value > 255 || is(at(ahead), kFollow) || at(ahead) == '.') return;
    if (value != 0) into += static_cast<char>(value);
    position_ += ahead;
  }
}

/// "Constants" (PTX ISA 4.5).
Token Lexer::number() {
  const auto hex_digits = [&](std::size_t digits, TokenKind kind) {
    position_ += 2;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < digits; ++i, ++position_) {
      const char c = at();
      if (!is(c, kHex))
        return error(digits == 8 ? "0f wants 8 hexadecimal digits" : "0d wants 16 hexadecimal digits");
      bits = bits << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (is(at(), kFollow)) return error("more digits than the literal's type has");
    return taken(kind, token_start_, bits);
  };
  if (at() == '0' && (at(1) == 'f' || at(1) == 'F')) return hex_digits(8, TokenKind::hex_float);
  if (at() == '0' && (at(1) == 'd' || at(1) == 'D')) return hex_digits(16, TokenKind::hex_double);

  const char* const end = text_.data() + text_.size();
  if (at() == '0' && (at(1) == 'x' || at(1) == 'X' || at(1) == 'b' || at(1) == 'B')) {
    const int base = (at(1) | 0x20) == 'x' ? 16 : 2;
    position_ += 2;
    std::uint64_t bits = 0;
    const auto [stop, wrong] = std::from_chars(text_.data() + position_, end, bits, base);
    if (wrong != std::errc{}) return error("an integer that 64 bits do not hold, or with no digits");
    position_ = static_cast<std::size_t>(stop - text_.data());
    if (at() == 'U') ++position_;
    if (is(at(), kFollow)) return error("a digit that the integer's base does not have");
    return taken(TokenKind::integer, token_start_, bits);
  }

  std::size_t ahead = 0;
  while (is(at(ahead), kDigit)) ++ahead;
  const bool exponent = (at(ahead) | 0x20) == 'e' &&
                        (is(at(ahead + 1), kDigit) ||
                         ((at(ahead + 1) == '-' || at(ahead + 1) == '+') && is(at(ahead + 2), kDigit)));
  if (at(ahead) == '.' || exponent) {
    double value = 0;
    const auto [stop, wrong] = std::from_chars(text_.data() + position_, end, value);
    if (wrong != std::errc{}) return error("a number that a double does not hold");
    position_ = static_cast<std::size_t>(stop - text_.data());
    return taken(TokenKind::real, token_start_, std::bit_cast<std::uint64_t>(value));
  }
  std::uint64_t bits = 0;
  const bool octal = at() == '0' && ahead > 1;
  const auto [stop, wrong] = std::from_chars(text_.data() + position_, end, bits, octal ? 8 : 10);
  if (wrong != std::errc{}) return error("an integer that 64 bits do not hold");
  position_ = static_cast<std::size_t>(stop - text_.data());
  if (at() == 'U') ++position_;
  if (is(at(), kFollow)) return error("a digit that the integer's base does not have");
  return taken(TokenKind::integer, token_start_, bits);
}

}  // namespace softcuda::ptx
