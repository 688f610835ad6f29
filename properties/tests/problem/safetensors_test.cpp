#include "harness/problem/safetensors.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/activations.h"
#include "properties/tests/problem/safetensors_bytes.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::safetensors_bytes;
using testing::SmallCapture;

std::string refusal(const std::vector<std::byte>& bytes) {
  const auto read = read_activations(bytes, "x.safetensors");
  if (read) return "accepted";
  EXPECT_EQ(read.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(read.error().what, ::testing::StartsWith("x.safetensors: "));
  EXPECT_THAT(read.error().what, Not(HasSubstr("\n")));
  return read.error().what;
}

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const std::vector<std::byte> bytes = SmallCapture().bytes();
  const auto read = detail::read_safetensors(bytes, "x");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->metadata.at("scale"), "0.5");
  EXPECT_EQ(read->tensors.at("k").dtype, "F32");
  EXPECT_EQ(read->tensors.at("k").shape, (std::vector<std::int64_t>{2, 2, 1, 2}));
  EXPECT_EQ(read->tensors.at("k").bytes.size(), 32u);
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::vector<std::byte> whole = SmallCapture().bytes();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    part.shrink_to_fit();  // so that a sanitizer sees a read past its end
    EXPECT_NE(refusal(part), "accepted") << length;
  }
  EXPECT_EQ(refusal(whole), "accepted");
}

RC_GTEST_PROP(Safetensors, AnyMutationIsReadOrRefusedInOneLine, ()) {
  std::vector<std::byte> bytes = SmallCapture().bytes();
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const auto where = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (*rc::gen::inRange(0, 4)) {
      case 0: *where = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>()); break;
      case 1:
        *where = static_cast<std::byte>(*rc::gen::elementOf(std::string("0123456789[]{}\",:-e.\\u")));
        break;
      case 2: bytes.erase(where); break;
      default:
        bytes.insert(where, static_cast<std::byte>(*rc::gen::elementOf(std::string("0123456789[]{}\",:"))));
        break;
    }
  }
  bytes.shrink_to_fit();
  const auto read = read_activations(bytes, "x");
  if (read) return;
  RC_ASSERT(read.error().kind == ErrorKind::bad_input);
  RC_ASSERT(read.error().what.find('\n') == std::string::npos);
}

RC_GTEST_PROP(Safetensors, AnyBytesAreRefused, (const std::vector<std::uint8_t>& raw)) {
  std::vector<std::byte> bytes;
  for (std::uint8_t one : raw) bytes.push_back(static_cast<std::byte>(one));
  RC_ASSERT(!read_activations(bytes, "x"));
}

struct Spoiled {
  const char* name;
  void (*spoil)(SmallCapture&);
  const char* says;
};
void PrintTo(const Spoiled& spoiled, std::ostream* os) { *os << spoiled.name; }

class SpoiledCapture : public ::testing::TestWithParam<Spoiled> {};
INSTANTIATE_TEST_SUITE_P(
    Safetensors, SpoiledCapture,
    ::testing::Values(
        Spoiled{"missing",
                [](SmallCapture& c) {
                  c.header["kk"] = c.header["k"];
                  c.header.erase("k");
                },
                "no tensor 'k', expected q, k, v and attention_mask"},
        Spoiled{"overlap",
                [](SmallCapture& c) {
                  c.header["k"]["data_offsets"] = {60, 92};
                },
                "two tensors overlap at byte 60"},
        Spoiled{"hole", [](SmallCapture& c) { c.header.erase("k"); },
                "bytes 64 to 96 of the data belong to no tensor"},
        Spoiled{"behind_the_end",
                [](SmallCapture& c) {
                  c.header["k"]["data_offsets"] = {6400, 6432};
                },
                "data_offsets 6400 to 6432, expected a range within the 128 bytes"},
        Spoiled{"backwards",
                [](SmallCapture& c) {
                  c.header["k"]["data_offsets"] = {96, 64};
                },
                "data_offsets 96 to 64, expected a range"},
        Spoiled{"negative_offset",
                [](SmallCapture& c) {
                  c.header["k"]["data_offsets"] = {-32, 0};
                },
                "expected two data_offsets"},
        Spoiled{"one_offset", [](SmallCapture& c) { c.header["k"]["data_offsets"] = {64}; },
                "expected two data_offsets"},
        Spoiled{"beyond_64_bits",
                [](SmallCapture& c) {
                  c.header["k"]["data_offsets"] = {64, 18446744073709551615u};
                },
                "expected two data_offsets"},
        Spoiled{"shape_against_bytes",
                [](SmallCapture& c) {
                  c.header["k"]["shape"] = {2, 2, 1, 3};
                },
                "data_offsets give 32 bytes, expected 48 from its shape"},
        Spoiled{"bytes_against_shape",
                [](SmallCapture& c) {
                  c.header["k"]["shape"] = {2, 2, 1, 1};
                },
                "data_offsets give 32 bytes, expected 16 from its shape"},
        Spoiled{"shape_that_wraps",
                [](SmallCapture& c) {
                  c.header["k"]["shape"] = {2147483648u, 2147483648u, 2147483648u, 2147483648u};
                },
                "larger than any file"},
        Spoiled{"shape_of_texts", [](SmallCapture& c) { c.header["k"]["shape"] = {"2"}; },
                "expected a shape of whole numbers"},
        Spoiled{"no_dtype", [](SmallCapture& c) { c.header["k"].erase("dtype"); },
                "expected a dtype such as"},
        Spoiled{"odd_dtype", [](SmallCapture& c) { c.header["k"]["dtype"] = "F31"; },
                "dtype 'F31', expected one such as F16"},
        Spoiled{"unlike_dtypes", [](SmallCapture& c) { c.header["k"]["dtype"] = "I32"; },
                "tensor 'k' is I32 [2, 2, 1, 2], expected F32 [2, 2, 1, 2]"},
        Spoiled{"whole_numbers", [](SmallCapture& c) { c.header["q"]["dtype"] = "I32"; },
                "q is I32, expected F16, BF16 or F32"},
        Spoiled{"dimensions", [](SmallCapture& c) { c.header["v"]["shape"] = {4}; },
                "tensor 'v' has shape [4], expected 4 dimensions"},
        Spoiled{"batches",
                [](SmallCapture& c) {
                  c.header["v"]["shape"] = {1, 2, 1, 2};
                },
                "tensor 'v' is F32 [1, 2, 1, 2], expected"},
        Spoiled{"heads",
                [](SmallCapture& c) {
                  c.header["q"]["shape"] = {2, 2, 1, 4};
                  c.header["k"]["shape"] = {2, 1, 2, 2};
                },
                "k has 2 heads, expected a divisor of the 1 of q"},
        Spoiled{"no_entry", [](SmallCapture& c) { c.header["k"] = 7; },
                "expected an object with dtype, shape"},
        Spoiled{"metadata", [](SmallCapture& c) { c.header["__metadata__"]["n"] = 3; },
                "__metadata__ holds something other"},
        Spoiled{"scale", [](SmallCapture& c) { c.header["__metadata__"]["scale"] = "-1"; },
                "metadata says scale '-1', expected"},
        Spoiled{"left_padded",
                [](SmallCapture& c) {
                  const int mask[] = {0, 1};
                  std::memcpy(&c.data[112], mask, 8);
                },
                "attention_mask is 1 at text 0, column 1, expected ones, then zeros (right padding)"},
        Spoiled{"mask_of_twos",
                [](SmallCapture& c) {
                  const int two = 2;
                  std::memcpy(&c.data[112], &two, 4);
                },
                "attention_mask is 2 at text 0, column 0"},
        Spoiled{"not_finite",
                [](SmallCapture& c) {
                  const float inf = HUGE_VALF;
                  std::memcpy(&c.data[68], &inf, 4);
                },
                "tensor 'k' holds inf in a valid row, expected finite numbers"},
        Spoiled{"output",
                [](SmallCapture& c) {
                  c.add("o_f32", "F32", {2, 2, 1, 1}, SmallCapture::counting(4));
                },
                "tensor 'o_f32' is F32 [2, 2, 1, 1], expected F32 [2, 2, 2, 1]"}),
    [](const auto& info) { return info.param.name; });

TEST_P(SpoiledCapture, IsRefusedWithWhatWasExpected) {
  SmallCapture capture;
  GetParam().spoil(capture);
  EXPECT_THAT(refusal(capture.bytes()), HasSubstr(GetParam().says));
}

TEST(Safetensors, AHeaderLongerThanTheFileOrNoJsonIsRefused) {
  std::vector<std::byte> bytes = SmallCapture().bytes();
  bytes[7] = std::byte{0xff};  // 2^63 and more
  EXPECT_THAT(refusal(bytes), HasSubstr("truncated, or no safetensors file"));
  EXPECT_THAT(refusal(safetensors_bytes("{]", {})), HasSubstr("the header is no JSON object"));
  EXPECT_THAT(refusal(safetensors_bytes("[1]", {})), HasSubstr("the header is no JSON object"));
  EXPECT_THAT(refusal(safetensors_bytes("{}", {std::byte{1}})), HasSubstr("1 bytes behind the last tensor"));
  EXPECT_THAT(refusal({std::byte{1}}), HasSubstr("1 bytes, expected a safetensors file"));
  // Nesting as deep as the header is long: no recursion may follow it.
  EXPECT_THAT(refusal(safetensors_bytes(std::string(1'000'000, '['), {})), HasSubstr("no JSON object"));
  const std::string deep = "{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  EXPECT_THAT(refusal(safetensors_bytes(deep, {})), HasSubstr("expected an object with dtype"));
}

}  // namespace
}  // namespace flashdiff
