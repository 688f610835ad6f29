#include "harness/softcuda/api/images.h"

#include <cstdint>
#include <cstring>
#include <string>

#include <gmock/gmock.h>
#include <lz4.h>
#include <zstd.h>

/// Fat binaries made byte by byte: what is found in them, and what those that lie are told.
namespace softcuda::testing {
namespace {

using api::find_ptx;
using api::FoundImage;
using ::testing::HasSubstr;

constexpr std::uint64_t kLz4 = 0x2000;
constexpr std::uint16_t kPtx = 1, kMachineCode = 2;

template <class T>
void put(std::string& into, T value) {
  into.append(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string entry(std::uint16_t kind, std::uint32_t architecture, std::string payload,
                  std::uint64_t inflated_bytes = 0, std::uint64_t flags = 0) {
  const auto bytes = static_cast<std::uint32_t>(payload.size());
  payload.resize((payload.size() + 7) / 8 * 8);
  std::string made;
  put(made, kind);
  put(made, std::uint16_t{0x101});
  put(made, std::uint32_t{64});
  put(made, std::uint64_t{payload.size()});
  put(made, bytes);
  put(made, std::uint64_t{0});
  put(made, architecture);
  put(made, std::uint64_t{0});
  put(made, flags);
  put(made, std::uint64_t{0});
  put(made, inflated_bytes);
  return made + payload;
}
std::string fat_binary(const std::string& entries) {
  std::string made;
  put(made, std::uint32_t{0xba55ed50});
  put(made, std::uint16_t{1});
  put(made, std::uint16_t{16});
  put(made, std::uint64_t{entries.size()});
  return made + entries;
}
std::string compressed(const std::string& text) {
  std::string made(ZSTD_compressBound(text.size()), '\0');
  made.resize(ZSTD_compress(made.data(), made.size(), text.data(), text.size(), 3));
  return made;
}
std::string lz4_block(const std::string& text) {
  std::string made(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(text.size()))), '\0');
  const int bytes = LZ4_compress_default(text.data(), made.data(), static_cast<int>(text.size()),
                                         static_cast<int>(made.size()));
  made.resize(static_cast<std::size_t>(bytes));
  return made;
}
FoundImage found(const std::string& bytes, int capability = 80) {
  return find_ptx(bytes.data(), capability, bytes.size());
}

TEST(Images, TheNewestArchitectureThatSm80RunsIsTaken) {
  const std::string entries = entry(kMachineCode, 80, "\177ELF") + entry(kPtx, 70, "old") +
                              entry(kPtx, 80, compressed("this"), 4) + entry(kPtx, 75, "older") +
                              entry(kPtx, 100, "new");
  EXPECT_EQ(found(fat_binary(entries)).ptx, "this");
  EXPECT_EQ(found(fat_binary(entries), 120).ptx, "new");
}

TEST(Images, PtxForNewerDevicesAloneIsNothingToRun) {
  const FoundImage image = found(fat_binary(entry(kPtx, 100, "new") + entry(kPtx, 90, "newer")));
  EXPECT_EQ(image.too_new, 90u);
  EXPECT_TRUE(image.ptx.empty() && image.failed.empty());
  EXPECT_FALSE(image.opaque);
}

TEST(Images, MachineCodeAloneIsOpaque) {
  EXPECT_TRUE(found(fat_binary(entry(kMachineCode, 80, "\177ELF"))).opaque);
  EXPECT_TRUE(found("\177ELF").opaque);
  EXPECT_TRUE(found(fat_binary("")).opaque);
}

TEST(Images, WhatCannotBeInflatedGivesWayToAnOlderOne) {
  const std::string entries = entry(kPtx, 75, "older") + entry(kPtx, 80, "\x12\x34 an LZ4 block", 100);
  EXPECT_EQ(found(fat_binary(entries)).ptx, "older");
}

TEST(Images, AnLz4BlockIsInflated) {
  const std::string text(10'000, 'x');
  EXPECT_EQ(found(fat_binary(entry(kPtx, 80, lz4_block(text), text.size(), kLz4))).ptx, text);
}

TEST(Images, AnLz4BlockOfAnotherSizeIsRefused) {
  const std::string block = lz4_block(std::string(10'000, 'x'));
  for (const std::uint64_t claimed : {9'999u, 10'001u})
    EXPECT_THAT(found(fat_binary(entry(kPtx, 80, block, claimed, kLz4))).failed,
                HasSubstr("no LZ4 block of its size"));
  EXPECT_THAT(found(fat_binary(entry(kPtx, 80, block, 200'000'000, kLz4))).failed,
              HasSubstr("200000000 bytes by its entry, more than an LZ4 block of"));
  EXPECT_THAT(found(fat_binary(entry(kPtx, 80, block.substr(0, block.size() - 1), 10'000, kLz4))).failed,
              HasSubstr("no LZ4 block of its size"));
}

/// The memory that an entry claims is not taken on its word: 200 MB here, of a frame of 4 bytes.
TEST(Images, AFrameThatHoldsLessThanItsEntrySaysIsRefused) {
  const FoundImage image = found(fat_binary(entry(kPtx, 80, compressed("this"), 200'000'000)));
  EXPECT_THAT(image.failed, HasSubstr("200000000 bytes by its entry, 4 by its zstd frame"));
  EXPECT_TRUE(image.ptx.empty());
  EXPECT_FALSE(image.opaque);
}

TEST(Images, MoreThanCanBePtxIsRefused) {
  const FoundImage image = found(fat_binary(entry(kPtx, 80, compressed("this"), std::uint64_t{1} << 40)));
  EXPECT_THAT(image.failed, HasSubstr("more than 268435456 are not supported"));
}

TEST(Images, SizesThatGoBeyondTheEndAreRefused) {
  std::string whole = fat_binary(entry(kPtx, 80, "text"));
  EXPECT_THAT(found(whole.substr(0, 10)).failed, HasSubstr("ends in its header"));
  EXPECT_THAT(found(whole.substr(0, whole.size() - 1)).failed, HasSubstr("beyond its end"));
  const std::uint64_t huge = ~std::uint64_t{0};
  std::memcpy(whole.data() + 16 + 8, &huge, 8);  // the entry's payload
  EXPECT_THAT(found(whole).failed, HasSubstr("an entry that goes beyond its end"));
}

}  // namespace
}  // namespace softcuda::testing
