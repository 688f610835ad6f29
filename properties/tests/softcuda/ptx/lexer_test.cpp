#include "harness/softcuda/ptx/lexer.h"

#include <bit>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace softcuda::ptx {
namespace {

std::vector<Token> tokens(std::string_view text) {
  Lexer lexer(text);
  std::vector<Token> all;
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
    all.push_back(token);
    if (token.kind == TokenKind::error) break;
  }
  return all;
}

Token only(std::string_view text) {
  const std::vector<Token> all = tokens(text);
  EXPECT_EQ(all.size(), 1u) << text;
  return all.empty() ? Token{} : all[0];
}

struct Spelled {
  const char* text;
  TokenKind kind;
};
class NamesAndWords : public testing::TestWithParam<Spelled> {};
TEST_P(NamesAndWords, AreOneToken) {
  const Token token = only(GetParam().text);
  EXPECT_EQ(token.kind, GetParam().kind);
  EXPECT_EQ(token.text, GetParam().kind == TokenKind::dotted ? GetParam().text + 1 : GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    Lexer, NamesAndWords,
    ::testing::Values(Spelled{"foo", TokenKind::name}, Spelled{"_Z3addPKfS0_Pfi", TokenKind::name},
                      Spelled{"$L__BB0_2", TokenKind::name}, Spelled{"%rd12", TokenKind::name},
                      Spelled{"%SPL", TokenKind::name}, Spelled{"_", TokenKind::name},
                      Spelled{"sm_90a", TokenKind::name}, Spelled{".b32", TokenKind::dotted},
                      Spelled{".v4", TokenKind::dotted}, Spelled{".L2::128B", TokenKind::dotted},
                      Spelled{".shared::cluster", TokenKind::dotted},
                      Spelled{".mbarrier::complete_tx::bytes", TokenKind::dotted},
                      Spelled{".2d", TokenKind::dotted}));

struct Number {
  const char* text;
  TokenKind kind;
  std::uint64_t bits;
};
class Literals : public testing::TestWithParam<Number> {};
TEST_P(Literals, HaveTheirValue) {
  const Token token = only(GetParam().text);
  EXPECT_EQ(token.kind, GetParam().kind);
  EXPECT_EQ(token.bits, GetParam().bits);
}
INSTANTIATE_TEST_SUITE_P(
    Lexer, Literals,
    ::testing::Values(Number{"0", TokenKind::integer, 0}, Number{"42", TokenKind::integer, 42},
                      Number{"42U", TokenKind::integer, 42}, Number{"017", TokenKind::integer, 15},
                      Number{"0x1F", TokenKind::integer, 31}, Number{"0XffU", TokenKind::integer, 255},
                      Number{"0b101", TokenKind::integer, 5},
                      Number{"18446744073709551615", TokenKind::integer, ~std::uint64_t{0}},
                      Number{"0xFFFFFFFFFFFFFFFF", TokenKind::integer, ~std::uint64_t{0}},
                      Number{"0f3F800000", TokenKind::hex_float, 0x3F800000},
                      Number{"0Fff800000", TokenKind::hex_float, 0xFF800000},
                      Number{"0d3FF0000000000000", TokenKind::hex_double, 0x3FF0000000000000},
                      Number{"0D7ff8000000000000", TokenKind::hex_double, 0x7FF8000000000000},
                      Number{"0.", TokenKind::real, 0},
                      Number{"1.5", TokenKind::real, std::bit_cast<std::uint64_t>(1.5)},
                      Number{"1e-3", TokenKind::real, std::bit_cast<std::uint64_t>(1e-3)},
                      Number{"2.5E+2", TokenKind::real, std::bit_cast<std::uint64_t>(250.0)}));

struct Wrong {
  const char* text;
  const char* what;
};
class WrongTokens : public testing::TestWithParam<Wrong> {};
TEST_P(WrongTokens, AreNamed) {
  const std::vector<Token> all = tokens(GetParam().text);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().kind, TokenKind::error) << GetParam().text;
  EXPECT_THAT(std::string(all.back().text), ::testing::HasSubstr(GetParam().what));
}
INSTANTIATE_TEST_SUITE_P(Lexer, WrongTokens,
                         ::testing::Values(Wrong{"/* never", "comment"}, Wrong{"\"never", "string"},
                                           Wrong{"\"line\nbreak\"", "string"},
                                           Wrong{"0f3F80", "8 hexadecimal"},
                                           Wrong{"0f3F8000001", "more digits"},
                                           Wrong{"0d3FF0", "16 hexadecimal"}, Wrong{"0x", "integer"},
                                           Wrong{"0x1_0", "digit"}, Wrong{"0b12", "digit"},
                                           Wrong{"08", "digit"}, Wrong{"18446744073709551616", "64 bits"},
                                           Wrong{"1e999", "double"}, Wrong{"#", "character"},
                                           Wrong{"\x80", "character"}, Wrong{". x", "dot"}));

TEST(Lexer, SkipsCommentsAndCountsLinesAndColumns) {
  const std::vector<Token> all = tokens("a // b\n  /* c\n d */ e\r\n\tf");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(std::pair(all[0].line, all[0].column), std::pair(1, 1));
  EXPECT_EQ(std::pair(all[1].line, all[1].column), std::pair(3, 7));
  EXPECT_EQ(std::pair(all[2].line, all[2].column), std::pair(4, 2));
}

TEST(Lexer, TakesAStringsEscapesAsWritten) {
  const Token token = only(R"("a\"b\\")");
  EXPECT_EQ(token.kind, TokenKind::string);
  EXPECT_EQ(token.text, R"(a\"b\\)");
}

TEST(Lexer, SplitsWhatStandsTogether) {
  std::vector<std::string> texts;
  for (const Token& token : tokens("@!%p1 st.shared.v2.f32 [%r1+-4],{%f1,0.};"))
    texts.emplace_back(token.text);
  EXPECT_THAT(texts, ::testing::ElementsAre("@", "!", "%p1", "st", "shared", "v2", "f32", "[", "%r1", "+",
                                            "-", "4", "]", ",", "{", "%f1", ",", "0.", "}", ";"));
}

TEST(Lexer, SaysTheEndAndAnErrorAgainAndAgain) {
  Lexer ended("");
  EXPECT_EQ(ended.next().kind, TokenKind::end);
  EXPECT_EQ(ended.next().kind, TokenKind::end);
  Lexer failed("# a");
  EXPECT_EQ(failed.next().kind, TokenKind::error);
  EXPECT_EQ(failed.next().kind, TokenKind::error);
}

}  // namespace
}  // namespace softcuda::ptx
