#include "harness/softcuda/api/images.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/core.h>
#include <zstd.h>

namespace softcuda::api {
namespace {

constexpr std::uint32_t kFatbin = 0xba55ed50u, kWrapper = 0x466243b1u, kZstd = 0xfd2fb528u;
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
  std::uint32_t rest[4];
  std::uint64_t unknown_too;
  std::uint64_t uncompressed_bytes;  ///< 0: plain
};
static_assert(sizeof(FatbinHeader) == 16 && sizeof(EntryHeader) == 64);

std::string inflated(const char* payload, std::size_t bytes, std::uint64_t whole, std::string& failed) {
  std::uint32_t magic = 0;
  if (bytes >= 4) std::memcpy(&magic, payload, 4);
  if (magic != kZstd) {
    failed =
        "PTX in a fat binary, compressed in another way than by zstd: not supported, compile with "
        "-no-compress";
    return {};
  }
  if (whole > kMostPtx) {
    failed = fmt::format("PTX of {} bytes in a fat binary: more than {} are not supported", whole, kMostPtx);
    return {};
  }
  std::string text(static_cast<std::size_t>(whole), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), payload, bytes);
  if (ZSTD_isError(got) != 0U) {
    failed = fmt::format("compressed PTX in a fat binary: {}", ZSTD_getErrorName(got));
    return {};
  }
  text.resize(got);
  return text;
}

/// The PTX of the newest architecture that sm_80 can run: what a driver would compile.
FoundImage in_fatbin(const char* bytes, std::size_t limit) {
  FoundImage found;
  FatbinHeader head{};
  if (limit < sizeof head) return {{}, false, "a fat binary that ends in its header"};
  std::memcpy(&head, bytes, sizeof head);
  if (head.header_bytes < sizeof head || head.bytes > limit - std::min<std::size_t>(limit, head.header_bytes))
    return {{}, false, "a fat binary whose size goes beyond its end"};
  std::size_t at = head.header_bytes;
  const std::size_t end = at + static_cast<std::size_t>(head.bytes);
  std::uint32_t best = 0;
  while (end - at >= sizeof(EntryHeader)) {
    EntryHeader entry{};
    std::memcpy(&entry, bytes + at, sizeof entry);
    if (entry.header_bytes < sizeof entry || entry.header_bytes > end - at ||
        entry.padded_bytes > end - at - entry.header_bytes)
      return {{}, false, "a fat binary with an entry that goes beyond its end"};
    const char* payload = bytes + at + entry.header_bytes;
    const auto padded = static_cast<std::size_t>(entry.padded_bytes);
    if (entry.kind == 1 && entry.architecture >= best && entry.architecture <= 90) {
      std::string failed;
      const bool compressed = entry.uncompressed_bytes != 0;
      const std::size_t used = compressed ? std::min<std::size_t>(entry.payload_bytes, padded) : padded;
      std::string text =
          compressed ? inflated(payload, used, entry.uncompressed_bytes, failed) : std::string(payload, used);
      if (failed.empty()) {
        best = entry.architecture;
        found.ptx = text.substr(0, text.find('\0'));
        found.failed.clear();
      } else if (found.ptx.empty()) {
        found.failed = failed;
      }
    }
    at += entry.header_bytes + padded;
  }
  found.opaque = best == 0 && found.failed.empty();
  return found;
}

}  // namespace

FoundImage find_ptx(const void* image, std::optional<std::size_t> limit) {
  const auto* bytes = static_cast<const char*>(image);
  const std::size_t most = limit.value_or(SIZE_MAX / 2);
  std::uint32_t magic = 0;
  if (most >= 4) std::memcpy(&magic, bytes, strnlen(bytes, 4) < 4 && !limit ? strnlen(bytes, 4) : 4);
  if (magic == kWrapper && !limit) {
    const void* inside = nullptr;
    std::memcpy(&inside, bytes + 8, sizeof inside);
    return find_ptx(inside);
  }
  if (magic == kFatbin) return in_fatbin(bytes, most);
  if (most >= 4 && std::memcmp(&magic, "\177ELF", 4) == 0) return {{}, true, {}};
  return {std::string(bytes, strnlen(bytes, std::min(most, kMostPtx))), false, {}};
}

}  // namespace softcuda::api
