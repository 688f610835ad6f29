#pragma once
#include <cstdint>
#include <string_view>

#include "harness/problem/case.h"

namespace flashdiff::detail {

/// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923): for names of files and choices that are the same in every
/// process and on every machine, never against an adversary.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  return hash;
}

/// Of everything that its line says: what is chosen by it is chosen again wherever the line is run.
[[nodiscard]] std::uint64_t hash_of(const Case& c);

}  // namespace flashdiff::detail
