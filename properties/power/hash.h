#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace flashdiff::power {

/// FNV-1a, 64 bits (Fowler, Noll, Vo): for names of cached files and choices that are the same on every
/// machine, never against an adversary.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}
/// In 16 hex digits.
[[nodiscard]] std::string hash_of(std::string_view text);

}  // namespace flashdiff::power
