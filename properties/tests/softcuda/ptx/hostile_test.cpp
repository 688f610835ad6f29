#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/softcuda/ptx/compiled.h"
#include "properties/tests/softcuda/ptx/parsed.h"

/// No text makes the parser crash: it is a module, or one line of error. (The sanitizer presets make this a
/// stronger test.)
namespace softcuda::ptx {
namespace {

/// Whether it parsed; either way the answer is well formed.
bool survives(std::string_view text) {
  const auto module = parse(text, "hostile.ptx");
  if (module) return true;
  EXPECT_EQ(module.error().what.find('\n'), std::string::npos) << module.error().what;
  EXPECT_TRUE(module.error().what.starts_with("hostile.ptx:")) << module.error().what;
  EXPECT_GE(module.error().line, 1);
  EXPECT_LT(module.error().what.size(), 400u) << module.error().what;
  return false;
}

TEST(Hostile, ASmallModuleCutAtEveryByte) {
  const std::string text = text_of_triton();
  ASSERT_TRUE(survives(text));
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes)
    (void)survives(std::string_view(text).substr(0, bytes));
}

TEST(Hostile, CompiledModulesCutAnywhere) {
  std::mt19937 random(20'260'101);
  for (const std::string& text : whole_texts()) {
    ASSERT_TRUE(survives(text));
    for (int i = 0; i < 300; ++i) (void)survives(std::string_view(text).substr(0, random() % text.size()));
  }
}

TEST(Hostile, EveryByteOfASmallModuleDamaged) {
  std::mt19937 random(3);
  std::string text = text_of_triton();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char whole = text[at];
    text[at] = static_cast<char>(whole ^ static_cast<char>(1 + random() % 255));
    if (!survives(text)) ++refused;
    text[at] = whole;
  }
  EXPECT_GT(refused, text.size() / 10);
  EXPECT_LT(refused, text.size());  // damage in a comment is none
}

/// One small change: a character, a token or a line removed, doubled, exchanged or made up.
std::string mutated(std::string text, std::mt19937& random) {
  static constexpr std::string_view kWords[] = {"{",
                                                "}",
                                                "[",
                                                "]",
                                                "(",
                                                ")",
                                                ",",
                                                ";",
                                                ".",
                                                ":",
                                                "<",
                                                ">",
                                                "-",
                                                "+",
                                                "@",
                                                "!",
                                                "|",
                                                "\"",
                                                "/*",
                                                "//",
                                                "0x",
                                                "0f",
                                                "99999999999999999999",
                                                "-1",
                                                "_",
                                                "%p1",
                                                ".reg",
                                                ".b8",
                                                ".b128",
                                                ".align",
                                                "= {",
                                                ".loc 1 1 1",
                                                ".section",
                                                "\0"};
  const std::size_t at = random() % text.size();
  switch (random() % 6) {
    case 0: text[at] = static_cast<char>(random()); break;
    case 1: text.erase(at, 1 + random() % 20); break;
    case 2: text.insert(at, kWords[random() % std::size(kWords)]); break;
    case 3: text.insert(at, text, random() % text.size(), random() % 60); break;
    case 4: {
      const std::size_t line = text.find('\n', at);
      if (line != std::string::npos) text.erase(line, text.find('\n', line + 1) - line);
      break;
    }
    default: std::swap(text[at], text[random() % text.size()]);
  }
  return text;
}

TEST(Hostile, ThousandsOfSmallChanges) {
  std::mt19937 random(1);
  std::size_t parsed = 0;
  std::size_t refused = 0;
  for (const std::string& original : whole_texts()) {
    for (int i = 0; i < 1'500; ++i) {
      std::string text = original;
      for (std::uint32_t changes = 1 + random() % 3; changes > 0 && !text.empty(); --changes)
        text = mutated(std::move(text), random);
      ++(survives(text) ? parsed : refused);
    }
  }
  EXPECT_GT(parsed, 100u);  // else the changes are so coarse that only the first lines are ever reached
  EXPECT_GT(refused, 1'000u);
}

TEST(Hostile, TokensInAnyOrder) {
  static constexpr std::string_view kTokens[] = {
      ".entry",  ".func",  "k",          "(",       ")",          "{",        "}",
      ".param",  ".u64",   ".b8",        ".b128",   "[",          "]",        "4",
      "=",       ",",      ";",          ".reg",    ".pred",      "%p",       "<",
      ">",       "@",      "!",          "bra",     "L",          ":",        ".global",
      ".shared", "x",      ".loc",       "1",       "inlined_at", ".section", ".debug_str",
      "-",       "+",      "0f3F800000", "1.5",     "|",          "_",        ".branchtargets",
      "\"s\"",   ".align", ".file",      "generic", ".ptr",       ".v4",      ".extern"};
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(kHead);
    if (random() % 2 == 0) text += ".entry k() {\n";
    for (std::uint32_t n = random() % 24; n > 0; --n) (text += kTokens[random() % std::size(kTokens)]) += ' ';
    (void)survives(text);
  }
}

TEST(Hostile, AFewCharactersCannotAskForUnboundedMemory) {
  std::string registers(kHead);
  for (int i = 0; i < 200; ++i)
    registers += ".func f" + std::to_string(i) + "() { .reg .b32 %r<1000000>; ret; }\n";
  EXPECT_THAT(error_of(registers), ::testing::HasSubstr("more registers than a text of this length can use"));

  const std::string long_name(100'000, 'r');
  EXPECT_THAT(error_of_items(".entry k() { .reg .b32 " + long_name + "<1000000>; ret; }"),
              ::testing::HasSubstr("more registers than a text of this length can use"));

  std::string zeros(kHead);
  for (int i = 0; i < 200; ++i) zeros += ".global .b8 x" + std::to_string(i) + "[100000000] = {1};\n";
  EXPECT_THAT(error_of(zeros), ::testing::HasSubstr("more than 256 MiB of initialised variables"));
}

TEST(Hostile, AModuleMayHaveMoreRegistersTheLongerItIs) {
  std::string text(kHead);
  for (int i = 0; i < 12; ++i) text += ".func f" + std::to_string(i) + "() { .reg .b32 %r<100000>; ret; }\n";
  EXPECT_THAT(error_of(text), ::testing::HasSubstr("more registers than"));  // 1.2 million, none used
  text += "//" + std::string(200'000, ' ') + "\n";
  EXPECT_TRUE(survives(text));
}

TEST(Hostile, LongNamesAreCutInEveryMessage) {
  const std::string name(100'000, 'x');
  for (const std::string& items :
       {name, "." + name, ".global .b8 " + name + "; .global .b8 " + name + ";",
        ".entry k(.param .b8 " + name + ", .param .b8 " + name + ") { ret; }",
        ".entry " + name + "() { ret; } .entry " + name + "() { ret; }", ".entry k() { @" + name + " ret; }",
        ".entry k() { bra " + name + "; }", ".entry k() { ." + name + " }", ".entry k() ." + name + " { }",
        ".entry k() { " + name + ": " + name + ": }", ".entry k() { T: .branchtargets " + name + "; }",
        ".entry k() { mov.b64 " + name + ", 1; .shared .b8 " + name + "; }",
        ".entry k() { .loc 1 1 1, " + name + " }"})
    EXPECT_FALSE(survives(std::string(kHead) + items)) << items.substr(0, 40);
}

}  // namespace
}  // namespace softcuda::ptx
