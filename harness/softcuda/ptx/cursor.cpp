#include "harness/softcuda/ptx/cursor.h"

#include <fmt/format.h>

namespace softcuda::ptx {
namespace {

constexpr std::size_t kLongestSpoken = 60;

std::string spoken(const Token& token) {
  switch (token.kind) {
    case TokenKind::end: return "the end of the text";
    case TokenKind::error: return std::string(token.text);
    case TokenKind::dotted: return quoted(fmt::format(".{}", token.text));
    case TokenKind::string: return fmt::format("\"{}\"", token.text.substr(0, kLongestSpoken));
    default: return quoted(token.text);
  }
}

}  // namespace

std::string quoted(std::string_view name) {
  return fmt::format("'{}{}'", name.substr(0, kLongestSpoken), name.size() > kLongestSpoken ? "..." : "");
}

void Cursor::fail(const Token& where, std::string_view what) const {
  throw Failure{
      {fmt::format("{}:{}:{}: {}", name_, where.line, where.column, what), where.line, where.column}};
}

void Cursor::fail_expected(const Token& found, std::string_view what) const {
  fail(found, fmt::format("found {}, expected {}", spoken(found), what));
}

void Cursor::expect(char punctuation, std::string_view where) {
  if (!accept(punctuation)) fail_expected(fmt::format("'{}' {}", punctuation, where));
}

std::string_view Cursor::expect_name(std::string_view what) {
  if (now_.kind != TokenKind::name) fail_expected(what);
  return take().text;
}

std::uint64_t Cursor::expect_integer(std::string_view what, std::uint64_t limit) {
  if (now_.kind != TokenKind::integer) fail_expected(what);
  if (now_.bits > limit) fail(now_, fmt::format("{} is {}, expected at most {}", what, now_.bits, limit));
  return take().bits;
}

std::uint64_t Cursor::expect_signed(std::string_view what) {
  const bool negative = accept('-');
  const std::uint64_t bits = expect_integer(what);
  return negative ? ~bits + 1 : bits;
}

}  // namespace softcuda::ptx
