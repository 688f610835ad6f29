#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/softcuda/ptx/parsed.h"

/// A text that cannot be parsed: one line that says where, what was found and what was expected.
namespace softcuda::ptx {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Refused {
  const char* items;  ///< behind three lines of head
  const char* where;
  const char* what;
};

class Errors : public testing::TestWithParam<Refused> {};
TEST_P(Errors, SayWhereAndWhat) {
  const std::string said = error_of_items(GetParam().items);
  EXPECT_THAT(said, StartsWith(std::string("test.ptx:") + GetParam().where + ": ")) << GetParam().items;
  EXPECT_THAT(said, HasSubstr(GetParam().what)) << GetParam().items;
  EXPECT_EQ(said.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    ModuleLevel, Errors,
    ::testing::Values(
        Refused{"hello", "4:1", "expected a directive"}, Refused{".tex .u64 t;", "4:1", "found '.tex'"},
        Refused{".entry () {}", "4:8", "function's name"},
        Refused{".entry k(.u32 a) { ret; }", "4:10", "expected .param"},
        Refused{".entry k(.param .u32 a { ret; }", "4:24", "behind the parameters"},
        Refused{".entry k() .cluster 2 { ret; }", "4:12", "found '.cluster'"},
        Refused{".entry k() .maxntid x { ret; }", "4:21", "a number behind .maxntid"},
        Refused{".entry k() ret;", "4:12", "before a function's body"},
        Refused{".entry k() { ret; }\n.entry k() { ret; }", "5:8", "'k' is defined twice"},
        Refused{".extern .func f() { ret; }", "4:19", "no body"},
        Refused{".global .u32 x", "4:15", "found the end of the text, expected ';'"},
        Refused{".global .u32 x; .global .u32 x;", "4:30", "'x' is declared twice"},
        Refused{".entry k(.param .b32 a, .param .b32 a) { ret; }", "4:37", "'a' is declared twice"},
        Refused{".global .f16 x = 1;", "4:18", "no initial value for a variable of type .f16"},
        Refused{".global .pred x;", "4:15", "expected a type"},
        Refused{".global x;", "4:9", "expected a type"},
        Refused{".global .u32 .f32 x;", "4:14", "second type"},
        Refused{".global .align 3 .u32 x;", "4:9", "power of two"},
        Refused{".global .align 0 .u32 x;", "4:9", "power of two"},
        Refused{".global .b8 x[99999999999];", "4:15", "4 GiB"},
        Refused{".global .b8 x[4", "4:16", "behind an array's length"},
        Refused{".global .b8 x[2] = {1, 2, 3};", "4:27", "more initial values"},
        Refused{".global .u32 x = 1.5;", "4:18", "a floating-point value"},
        Refused{".global .u32 x = ;", "4:18", "expected a number or a symbol"},
        Refused{".global .u8 x[2] = {y};", "4:21", "an address in a variable"},
        Refused{".file x \"a\"", "4:7", "a file's index"}, Refused{".file 1 a", "4:9", "path in quotes"},
        Refused{".section .debug_str { @ }", "4:23", "a sign that a .section does not have"},
        Refused{".section .debug_str {\n.b8 1,2,\n255,1a }", "6:5", "expected '}' at the end of a .section"},
        Refused{".section .debug_str {\n.b8 1,2, @ }", "5:10", "a sign that a .section does not have"},
        Refused{".section .debug_str { .b8 1", "4:28", "'}' at the end of a .section"}));

INSTANTIATE_TEST_SUITE_P(
    Bodies, Errors,
    ::testing::Values(
        Refused{".entry k() {\n ret", "5:5",
                "found the end of the text, expected ';' at the end of an instruction"},
        Refused{".entry k() {\n ret }", "5:6", "found '}', expected ';' at the end of an instruction"},
        Refused{".entry k() {\n ret;\n", "6:1", "found the end of the text"},
        Refused{".entry k() {\n .tex .u32 t;\n}", "5:2", "found '.tex'"},
        Refused{".entry k() {\n .reg b32 %r;\n}", "5:7", "a register's type"},
        Refused{".entry k() {\n .reg .b32 %r<9999999>;\n}", "5:15", "at most"},
        Refused{".entry k() {\n .reg .b32 %r, %r;\n}", "5:16", "'%r' is declared twice"},
        Refused{".entry k() {\n .reg .b32 %r<3;\n}", "5:16", "behind the number of registers"},
        Refused{".entry k() {\n A: ret;\n A: ret;\n}", "6:2", "'A' is declared twice"},
        Refused{".entry k() {\n .reg .b32 %r;\n @%r ret;\n}", "6:3", "no predicate register"},
        Refused{".entry k() {\n @p ret;\n}", "5:3", "'p' is no predicate register"},
        Refused{".entry k() {\n bra NOWHERE;\n}", "5",
                "'NOWHERE' is no register, label, variable or function"},
        Refused{".entry k() {\n { L: ret; }\n bra L;\n}", "6", "'L' is no register"},
        Refused{".entry k() {\n .reg .b64 %a;\n mov.u64 %a, later;\n .shared .b8 later[4];\n}", "6:14",
                "before its declaration"},
        Refused{".entry k() {\n T: .branchtargets A, B;\n A: ret;\n}", "5:23", "'B' is no label"},
        Refused{".entry k() {\n T: .branchtargets A", "5:21", "';'"},
        Refused{".entry k() {\n .reg .b64 %a;\n ld.u32 %a, [%a+x];\n}", "6:17", "an offset in bytes"},
        Refused{".entry k() {\n .reg .b64 %a;\n ld.u32 %a, [%a;\n}", "6:16", "at the end of an address"},
        Refused{".entry k() {\n op {1, 2;\n}", "5:10", "at the end of a list of operands"},
        Refused{".entry k() {\n op 1,;\n}", "5:7", "expected an operand"},
        Refused{".entry k() {\n op {{{{{{1}}}}}};\n}", "5:9", "nested more than 4 deep"},
        Refused{".entry k() {\n op !!!!!!1;\n}", "5:9", "nested more than 4 deep"},
        Refused{".entry k() {\n .loc 1 2;\n}", "5:10", "column in .loc"},
        Refused{".entry k() {\n .loc 1 2 3, somewhere 4\n}", "5:14", "expected function_name or inlined_at"},
        Refused{".entry k() {\n op 0f12;\n}", "5:5", "8 hexadecimal digits"},
        Refused{".entry k() {\n op \"x;\n}", "5:5", "string that never ends"}));

TEST(Errors, OfTheHead) {
  EXPECT_THAT(error_of(""), StartsWith("test.ptx:1:1: found the end of the text, expected .version"));
  EXPECT_THAT(error_of("\x7f"
                       "ELF"),
              StartsWith("test.ptx:1:1: found a character that PTX does not have, expected .version"));
  EXPECT_THAT(error_of(".version nine\n"), HasSubstr("expected a version such as 9.0"));
  EXPECT_THAT(error_of(".version 9\n"), HasSubstr("expected a version such as 9.0"));
  EXPECT_THAT(error_of(".version 9.0\n.address_size 64\n"), HasSubstr("expected .target"));
  EXPECT_THAT(error_of(".version 9.0\n.target sm_80\n.address_size 32\n"), HasSubstr("32-bit addresses"));
}

TEST(Errors, ScopesAreBounded) {
  const std::string deep(100'000, '{');
  EXPECT_THAT(error_of_items(".entry k() " + deep), HasSubstr("nested more than 64 deep"));
  const std::string initialiser(100'000, '{');
  EXPECT_THAT(error_of_items(".global .b8 x[4] = " + initialiser), HasSubstr("nested more than 8 deep"));
}

TEST(Errors, ALongTokenIsCutInTheMessage) {
  const std::string said = error_of_items(std::string(100'000, 'x'));
  EXPECT_LT(said.size(), 300u);
}

}  // namespace
}  // namespace softcuda::ptx
