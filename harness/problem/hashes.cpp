#include "harness/problem/hashes.h"

#include "harness/problem/random_bits.h"

namespace flashdiff::detail {

std::uint64_t hash_of(const Case& c) {
  std::uint64_t hash = c.problem.seed;
  for (const char byte : print(c)) hash = folded(hash, static_cast<unsigned char>(byte));
  return hash;
}

}  // namespace flashdiff::detail
