#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "harness/lint/read_steps.h"
#include "properties/tests/lint/any_mask.h"
#include "properties/tests/lint/small_files.h"

namespace flashdiff::lint {
namespace {

using ::testing::HasSubstr;

const BitMask expected_mask =
    test::mask_of({std::string("11111"), std::string("00111"), std::string("11000")});

/// Files that NumPy and safetensors wrote: data/make.py.
class WrittenByOthers : public ::testing::TestWithParam<const char*> {};
TEST_P(WrittenByOthers, IsReadAsTheSameMask) {
  const auto steps = read_steps({{test::data_file(GetParam())}, {}, {}});
  ASSERT_TRUE(steps) << steps.error().what;
  EXPECT_EQ(steps->at(0).mask, expected_mask);
}
INSTANTIATE_TEST_SUITE_P(Each, WrittenByOthers,
                         ::testing::Values("mask_int64.npy", "mask_bool.npy", "mask_fortran.npy",
                                           "mask_big_endian.npy", "mask_float16.npy", "mask_version2.npy",
                                           "batch.npz", "batch_compressed.npz", "batch.safetensors"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '.' || c == '_' ? 'X' : c;
                           return name;
                         });

TEST(Reading, AnArrayIsTakenByItsName) {
  const auto steps = read_steps({{test::data_file("two_masks.npz")}, "chosen", {}});
  ASSERT_TRUE(steps) << steps.error().what;
  EXPECT_EQ(steps->at(0).mask, expected_mask);
  const auto rejected = read_steps({{test::data_file("two_masks.npz") + ":rejected"}, {}, {}});
  ASSERT_TRUE(rejected) << rejected.error().what;
  EXPECT_EQ(rejected->at(0).rows.at(2).cls, RowClass::left);
  EXPECT_THAT(read_steps({{test::data_file("two_masks.npz")}, {}, {}}).error().what,
              HasSubstr("chosen, rejected"));
}

class Text : public ::testing::TestWithParam<const char*> {};
TEST_P(Text, IsReadAsTheSameMask) {
  const test::SmallFiles files;
  const std::string file = files.write("mask.txt", GetParam());
  const auto steps = read_steps({{file}, {}, {}});
  ASSERT_TRUE(steps) << steps.error().what;
  EXPECT_EQ(steps->at(0).mask, expected_mask);
}
INSTANTIATE_TEST_SUITE_P(
    Each, Text,
    ::testing::Values("1 1 1 1 1\n0 0 1 1 1\n1 1 0 0 0\n", "11111\n00111\n11000",
                      "# rows\n1,1,1,1,1  # full\n\n0,0,1,1,1\n1,1,0,0,0\n",
                      "[[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]]",
                      "tensor([[1, 1, 1, 1, 1],\n        [0, 0, 1, 1, 1],\n        [1, 1, 0, 0, 0]], "
                      "device='cuda:0')",
                      "[[1. 1. 1. 1. 1.]\n [0. 0. 1. 1. 1.]\n [1. 1. 0. 0. 0.]]",
                      "array([[ True,  True,  True,  True,  True],\n [False, False, True, True, True],\n"
                      "[ True,  True, False, False, False]])"));

/// Steps of a folder come in the order of their numbers.
TEST(Reading, AFolderHoldsStepsInTheirOrder) {
  const test::SmallFiles files;
  files.write("step10.txt", "1 1 1 1");
  files.write("step9.txt", "1 1 1");
  files.write("step2.txt", "1 1");
  const auto steps = read_steps({{files.folder()}, {}, {}});
  ASSERT_TRUE(steps) << steps.error().what;
  ASSERT_EQ(steps->size(), 3u);
  EXPECT_EQ(steps->at(0).kv_len(), 2);
  EXPECT_EQ(steps->at(2).kv_len(), 4);
  EXPECT_EQ(steps->at(2).phase, Phase::decode);
}

struct Wrong {
  const char* name;
  const char* file;
  std::string bytes;
  const char* words;
};
std::string npy(const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + data;
}
std::string header_of(const std::string& shape, const std::string& descr = "'|u1'") {
  return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }\n";
}

class BadFile : public ::testing::TestWithParam<Wrong> {};
TEST_P(BadFile, IsOneLineThatSaysWhatWasExpected) {
  const test::SmallFiles files;
  const std::string file = files.write(GetParam().file, GetParam().bytes);
  const auto steps = read_steps({{file}, {}, {}});
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(steps.error().what, HasSubstr(GetParam().words));
  EXPECT_THAT(steps.error().what, HasSubstr(file));
  EXPECT_EQ(steps.error().what.find('\n'), std::string::npos) << steps.error().what;
}
INSTANTIATE_TEST_SUITE_P(
    Each, BadFile,
    ::testing::Values(
        Wrong{"Value", "m.txt", "1 1 2\n", "2 at row 0, column 2, expected 0 or 1"},
        Wrong{"Bias", "m.txt", "0 -inf\n", "an additive bias"},
        Wrong{"FiniteBias", "m.txt", "0 -3.4e38\n", "an additive bias"},
        Wrong{"Ragged", "m.txt", "1 1 1\n1 1\n", ":2: a row of 2 numbers, expected 3"},
        Wrong{"RaggedDigits", "m.txt", "111\n11\n", "a row of 2 digits, expected 3"},
        Wrong{"Word", "m.txt", "1 1 yes\n", ":1: 'yes', expected numbers"},
        Wrong{"Shortened", "m.txt", "[[1, 1, ..., 1, 1]]", "'...' stands for what was not printed"},
        Wrong{"Nothing", "m.txt", "# no mask\n", "no numbers"},
        Wrong{"ThreeBrackets", "m.txt", "[[[1, 1]], [[1, 0]]]", "3 dimensions, shape [2, 1, 2]"},
        Wrong{"FourBrackets", "m.txt", "[[[[1]]]]", "more than three nested brackets"},
        Wrong{"NpyByAnotherName", "m.txt", npy(header_of("(1, 2)"), "\1\1"), "name it .npy"},
        Wrong{"Pickle", "m.pt", "\x80\x02}q", "a Python pickle"},
        Wrong{"TextAsNpy", "m.npy", "1 1 0 0\n1 1 1 1\n", "no .npy file by its first bytes"},
        Wrong{"TextAsNpz", "m.npz", "1 1 0 0\n", "expected an .npz file"},
        Wrong{"TextAsSafetensors", "m.safetensors", "1 1 0 0 1 1 0 0", "safetensors"},
        Wrong{"Empty", "m.npy", "", "no .npy file"},
        Wrong{"ThreeDimensions", "m.npy", npy(header_of("(1, 1, 2)"), "\1\1"),
              "3 dimensions, shape [1, 1, 2]"},
        Wrong{"FourDimensions", "m.npy", npy(header_of("(1, 1, 1, 2)"), "\1\1"), "the mask [batch, seq]"},
        Wrong{"NoRows", "m.npy", npy(header_of("(0, 2)"), ""), "at least one row"},
        Wrong{"Truncated", "m.npy", npy(header_of("(2, 2)"), "\1\1\1"),
              "3 bytes behind the header, expected 4"},
        Wrong{"TooLong", "m.npy", npy(header_of("(2, 2)"), "\1\1\1\1\1"),
              "5 bytes behind the header, expected 4"},
        Wrong{"Huge", "m.npy", npy(header_of("(1048576, 1048576)"), "\1"), "1 bytes behind the header"},
        Wrong{"Overflow", "m.npy", npy(header_of("(9223372036854775807, 9223372036854775807)"), ""),
              "expected a dict"},
        Wrong{"TooManyRows", "m.npy", npy(header_of("(4294967296, 1)"), ""), "bytes behind the header"},
        Wrong{"TooManyColumns", "m.npy", npy(header_of("(1, 4194305)"), std::string(4194305, 1)),
              "at most 4194304 columns"},
        Wrong{"Negative", "m.npy", npy(header_of("(-1, 2)"), ""), "expected a dict"},
        Wrong{"Complex", "m.npy", npy(header_of("(1, 2)", "'<c8'"), ""), "elements of type '<c8'"},
        Wrong{"Fields", "m.npy", npy(header_of("(1, 2)", "[('a', '<i4')]"), ""), "several fields"},
        Wrong{"Objects", "m.npy", npy(header_of("(1, 2)", "'|O'"), ""), "elements of type '|O'"},
        Wrong{"NoDict", "m.npy", npy("import os\n", ""), "expected a dict"},
        Wrong{"OpenDict", "m.npy", npy("{'descr': '|u1'", ""), "expected a dict"},
        Wrong{"OpenString", "m.npy", npy("{'descr", ""), "expected a dict"},
        Wrong{"OpenTuple", "m.npy", npy("{'shape': (1, 2", ""), "expected a dict"},
        Wrong{"NoShape", "m.npy", npy("{'descr': '|u1', 'fortran_order': False}", ""), "expected a dict"},
        Wrong{"ShortHeader", "m.npy", std::string("\x93NUMPY\x01\x00\xff\x7f{", 11),
              "ends within its .npy header"},
        Wrong{"LongHeader", "m.npy", std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12),
              "an .npy header of"},
        Wrong{"Version", "m.npy", std::string("\x93NUMPY\x09\x00\x01\x00", 10), "version 9"}),
    [](const auto& info) { return info.param.name; });

/// Whatever a header's bytes are: an answer, and no fault (the sanitizers' build looks closer).
RC_GTEST_PROP(Reading, HostileHeadersAreAnswered, ()) {
  const std::string good = npy(header_of("(2, 3)"), std::string(6, '\1'));
  std::string bytes = good;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i)
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  const test::SmallFiles files;
  const std::string file = files.write("m.npy", bytes);
  const auto steps = read_steps({{file}, {}, {}});
  RC_ASSERT(steps || steps.error().kind == ErrorKind::bad_input);
}

RC_GTEST_PROP(Reading, HostileTextIsAnswered, ()) {
  const auto word = rc::gen::elementOf(
      std::vector<std::string>{"0",    "1",   " ",     "\n",  ",", "[",       "]",  "[[",   "]]", "True",
                               "-inf", "nan", "1e999", "...", "#", "tensor(", "\0", "\xff", "10", "."});
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(word)) text += part;
  const test::SmallFiles files;
  const auto steps = read_steps({{files.write("m.txt", text)}, {}, {}});
  RC_ASSERT(steps || steps.error().kind == ErrorKind::bad_input);
  if (!steps) RC_ASSERT(steps.error().what.find('\n') == std::string::npos);
}

TEST(Reading, ADamagedArchiveIsAnswered) {
  for (const char* name : {"batch.npz", "batch_compressed.npz"}) {
    const std::string good = test::bytes_of(test::data_file(name));
    for (std::size_t at = 0; at < good.size(); at += 3) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
      const test::SmallFiles files;
      const std::string file = files.write("m.npz", bytes);
      const auto steps = read_steps({{file}, {}, {}});
      if (!steps) {
        EXPECT_EQ(steps.error().kind, ErrorKind::bad_input) << at;
      }
    }
  }
}

}  // namespace
}  // namespace flashdiff::lint
