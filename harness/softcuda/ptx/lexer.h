#pragma once
#include <cstdint>
#include <string>
#include <string_view>

/// Tokens of PTX ("Syntax", PTX ISA 4). The text is not copied: a token is a view of it.
namespace softcuda::ptx {

enum class TokenKind : std::uint8_t {
  end,
  name,         ///< identifier: foo, $L__BB0_1, _Z3fooPf, %r1, %tid
  dotted,       ///< .global, .v4, .L2::128B: text without the dot
  integer,      ///< 12, 0x1f, 017, 0b101, with an optional U
  real,         ///< 1.5, 0., 1e-3
  hex_float,    ///< 0fXXXXXXXX
  hex_double,   ///< 0dXXXXXXXXXXXXXXXX
  string,       ///< "...": text without the quotes, escapes as written
  punctuation,  ///< one of , ; : { } [ ] ( ) < > = + - ! @ | * / % & ^ ~ ?
  error,        ///< text says what was wrong
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  std::uint64_t bits =
      0;  ///< value of integer, hex_float (low 32 bits), hex_double and real (bits of a double)
  int line = 1;
  int column = 1;

  [[nodiscard]] bool is(char punctuation) const {
    return kind == TokenKind::punctuation && text[0] == punctuation;
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  /// The next token; at the end, and after an error, the same one again and again.
  [[nodiscard]] Token next();
  /// Behind an integer, what follows of a list of plain decimal bytes, `,12,0,255`, into `into`, without a
  /// token for each; the zeros are left out. Stops before whatever else there is: next() takes that.
  void more_bytes(std::string& into);

 private:
  [[nodiscard]] char at(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  bool skip_space_and_comments();
  Token number();
  Token error(std::string_view what);
  Token taken(TokenKind kind, std::size_t begin, std::uint64_t bits = 0);

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  std::size_t token_start_ = 0;
  bool failed_ = false;
  Token failure_;
};

}  // namespace softcuda::ptx
