#include "harness/softcuda/api/images.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <lz4.h>
#include <tl/expected.hpp>
#include <zstd.h>

namespace softcuda::api {
namespace {

constexpr std::uint32_t kFatbin = 0xba55ed50u, kWrapper = 0x466243b1u, kZstd = 0xfd2fb528u;
constexpr std::uint64_t kLz4 = 0x2000;  // as --compress-mode=speed writes it; zstd is 0x8000
constexpr std::size_t kMostPtx = std::size_t{1} << 28;

/// Not documented by the vendor; as public readers of the format have it, and as `nvcc -fatbin` was seen to
/// write it.
struct FatbinHeader {
  std::uint32_t magic;
  std::uint16_t version, header_bytes;
  std::uint64_t bytes;  ///< of the entries behind the header
};
struct EntryHeader {
  std::uint16_t kind, version;  ///< kind 1: PTX, 2: machine code
  std::uint32_t header_bytes;
  std::uint64_t padded_bytes;   ///< of the payload
  std::uint32_t payload_bytes;  ///< where it is compressed: without the padding
  std::uint32_t unknown[2];
  std::uint32_t architecture;  ///< 80
  std::uint32_t rest[2];
  std::uint64_t flags;  ///< kLz4 among them
  std::uint64_t unknown_too;
  std::uint64_t uncompressed_bytes;  ///< 0: plain
};
static_assert(sizeof(FatbinHeader) == 16 && sizeof(EntryHeader) == 64);

/// An entry of PTX, and where its payload is.
struct PtxEntry {
  std::uint32_t architecture = 0;
  const char* payload = nullptr;
  std::size_t bytes = 0;
  std::uint64_t inflated_bytes = 0;  ///< 0: plain
  bool lz4 = false;                  ///< compressed that way, where it is compressed and no zstd frame
};
using Text = tl::expected<std::string, std::string>;

Text of_zstd(const PtxEntry& entry) {
  // Before memory is taken for what the entry claims: the frame says itself what it holds.
  const unsigned long long holds = ZSTD_getFrameContentSize(entry.payload, entry.bytes);
  if (holds != entry.inflated_bytes)
    return tl::unexpected(fmt::format(
        "compressed PTX in a fat binary: {} bytes by its entry, {} by its zstd frame", entry.inflated_bytes,
        holds >= ZSTD_CONTENTSIZE_ERROR ? "an unknown number" : std::to_string(holds)));
  std::string text(static_cast<std::size_t>(holds), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), entry.payload, entry.bytes);
  if (ZSTD_isError(got) != 0U)
    return tl::unexpected(fmt::format("compressed PTX in a fat binary: {}", ZSTD_getErrorName(got)));
  text.resize(got);
  return text;
}

/// One LZ4 block without a frame, which says nothing of its size; but no block holds more than 255 times its
/// own bytes ("LZ4 Block Format": a byte of a length adds at most 255).
Text of_lz4(const PtxEntry& entry) {
  if (entry.inflated_bytes / 255 > entry.bytes)
    return tl::unexpected(
        fmt::format("compressed PTX in a fat binary: {} bytes by its entry, more than an LZ4 "
                    "block of {} bytes can hold",
                    entry.inflated_bytes, entry.bytes));
  std::string text(static_cast<std::size_t>(entry.inflated_bytes), '\0');
  const int got = LZ4_decompress_safe(entry.payload, text.data(), static_cast<int>(entry.bytes),
                                      static_cast<int>(text.size()));
  if (std::cmp_not_equal(got, text.size()))
    return tl::unexpected<std::string>("compressed PTX in a fat binary: no LZ4 block of its size");
  return text;
}

/// `left`: bytes that may still be made of a fat binary's entries; what is made is taken off.
Text inflated(const PtxEntry& entry, std::size_t& left) {
  std::uint32_t magic = 0;
  if (entry.bytes >= 4) std::memcpy(&magic, entry.payload, 4);
  if (magic != kZstd && !entry.lz4)
    return tl::unexpected<std::string>(
        "PTX in a fat binary, compressed in another way than by zstd or LZ4: not supported, compile with "
        "-no-compress");
  if (entry.inflated_bytes > left || entry.bytes > kMostPtx)
    return tl::unexpected(fmt::format("PTX of {} bytes in a fat binary: more than {} are not supported",
                                      entry.inflated_bytes, kMostPtx));
  Text text = magic == kZstd ? of_zstd(entry) : of_lz4(entry);
  if (text) left -= text->size();
  return text;
}

/// Its entries of PTX, the newest first; an error where it says that it goes beyond `limit`.
tl::expected<std::vector<PtxEntry>, std::string> entries_of(const char* bytes, std::size_t limit) {
  FatbinHeader head{};
  if (limit < sizeof head) return tl::unexpected<std::string>("a fat binary that ends in its header");
  std::memcpy(&head, bytes, sizeof head);
  if (head.header_bytes < sizeof head || head.bytes > limit - std::min<std::size_t>(limit, head.header_bytes))
    return tl::unexpected<std::string>("a fat binary whose size goes beyond its end");
  std::vector<PtxEntry> found;
  std::size_t at = head.header_bytes;
  const std::size_t end = at + static_cast<std::size_t>(head.bytes);
  while (end - at >= sizeof(EntryHeader)) {
    EntryHeader entry{};
    std::memcpy(&entry, bytes + at, sizeof entry);
    if (entry.header_bytes < sizeof entry || entry.header_bytes > end - at ||
        entry.padded_bytes > end - at - entry.header_bytes)
      return tl::unexpected<std::string>("a fat binary with an entry that goes beyond its end");
    const auto padded = static_cast<std::size_t>(entry.padded_bytes);
    const bool compressed = entry.uncompressed_bytes != 0;
    if (entry.kind == 1)
      found.push_back({entry.architecture, bytes + at + entry.header_bytes,
                       compressed ? std::min<std::size_t>(entry.payload_bytes, padded) : padded,
                       entry.uncompressed_bytes, (entry.flags & kLz4) != 0});
    at += entry.header_bytes + padded;
  }
  std::ranges::reverse(found);  // of two alike the later one
  std::ranges::stable_sort(found, std::greater{}, &PtxEntry::architecture);
  return found;
}

/// The PTX of the newest architecture that the device can run, what a driver would compile; where that cannot
/// be used, the next one.
FoundImage in_fatbin(const char* bytes, int capability, std::size_t limit) {
  FoundImage found;
  const auto entries = entries_of(bytes, limit);
  if (!entries) {
    found.failed = entries.error();
    return found;
  }
  std::size_t left = kMostPtx;
  for (const PtxEntry& entry : *entries) {
    if (std::cmp_greater(entry.architecture, capability)) continue;
    const Text text =
        entry.inflated_bytes != 0 ? inflated(entry, left) : std::string(entry.payload, entry.bytes);
    if (text) {
      found.ptx = text->substr(0, text->find('\0'));
      found.failed.clear();
      return found;
    }
    if (found.failed.empty()) found.failed = text.error();
  }
  found.opaque = entries->empty();
  if (!found.opaque && found.failed.empty()) found.too_new = entries->back().architecture;
  return found;
}

}  // namespace

FoundImage find_ptx(const void* image, int capability, std::optional<std::size_t> limit) {
  const auto* bytes = static_cast<const char*>(image);
  const std::size_t most = limit.value_or(SIZE_MAX / 2);
  std::uint32_t magic = 0;
  if (most >= 4) std::memcpy(&magic, bytes, strnlen(bytes, 4) < 4 && !limit ? strnlen(bytes, 4) : 4);
  if (magic == kWrapper && !limit) {
    const void* inside = nullptr;
    std::memcpy(&inside, bytes + 8, sizeof inside);
    return find_ptx(inside, capability);
  }
  if (magic == kFatbin) return in_fatbin(bytes, capability, most);
  FoundImage found;
  found.opaque = most >= 4 && std::memcmp(&magic, "\177ELF", 4) == 0;
  if (!found.opaque) found.ptx.assign(bytes, strnlen(bytes, std::min(most, kMostPtx)));
  return found;
}

}  // namespace softcuda::api
