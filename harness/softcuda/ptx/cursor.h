#pragma once
#include <string>
#include <string_view>

#include "harness/softcuda/ptx/lexer.h"
#include "harness/softcuda/ptx/module.h"

namespace softcuda::ptx {

/// Leaves the recursive descent at its first error; parse() catches it, nobody else sees it.
struct Failure {
  ParseError error;
};

/// What a text may still ask for beyond its own length, so that memory stays in proportion to it: a few
/// characters declare a million registers or megabytes of zeros. No module that uses what it declares comes
/// near.
struct Allowance {
  std::uint64_t registers;
  std::uint64_t initialised_bytes = std::uint64_t{1} << 28;
};

/// The tokens with one in hand, and the phrases that every part of the grammar needs.
class Cursor {
 public:
  Cursor(std::string_view text, std::string name)
      : lexer_(text), name_(std::move(name)), allowance_{(std::uint64_t{1} << 20) + text.size()} {
    advance();
  }

  [[nodiscard]] const Token& now() const { return now_; }
  Token take() {
    Token taken = now_;
    advance();
    return taken;
  }
  [[nodiscard]] bool at(char punctuation) const { return now_.is(punctuation); }
  [[nodiscard]] bool at_dotted(std::string_view name) const {
    return now_.kind == TokenKind::dotted && now_.text == name;
  }
  bool accept(char punctuation) { return at(punctuation) && (advance(), true); }
  bool accept_dotted(std::string_view name) { return at_dotted(name) && (advance(), true); }
  void expect(char punctuation, std::string_view where);
  [[nodiscard]] std::string_view expect_name(std::string_view what);
  /// A non-negative integer literal, at most `limit`.
  [[nodiscard]] std::uint64_t expect_integer(std::string_view what, std::uint64_t limit = ~std::uint64_t{0});
  /// An integer literal with an optional sign, as two's complement.
  [[nodiscard]] std::uint64_t expect_signed(std::string_view what);

  /// With the first integer of a list of bytes in hand: what of it more_bytes() takes, the first included.
  void take_bytes(std::string& into) {
    if (now_.bits != 0) into += static_cast<char>(now_.bits);
    lexer_.more_bytes(into);
    advance();
  }

  [[nodiscard]] Allowance& allowance() { return allowance_; }

  /// `name:line:column: found, expected what`
  [[noreturn]] void fail_expected(std::string_view what) const { fail_expected(now_, what); }
  [[noreturn]] void fail_expected(const Token& found, std::string_view what) const;
  [[noreturn]] void fail(const Token& where, std::string_view what) const;

 private:
  void advance() { now_ = lexer_.next(); }
  Lexer lexer_;
  std::string name_;
  Token now_;
  Allowance allowance_;
};

/// 'name' for a message, cut where the text has an absurd one.
[[nodiscard]] std::string quoted(std::string_view name);

}  // namespace softcuda::ptx
