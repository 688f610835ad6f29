#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace flashdiff::figures {

/// What one line of a kernel's source executed, over all kernels of an answer. Units are 32-byte sectors of
/// global memory and wavefronts of shared memory; `ideal` is the fewest that the same lanes and bytes take.
struct SourceLine {
  std::string file;  ///< as .loc names it; empty: instructions that belong to no line
  int line = 0;
  std::uint64_t warp_instructions = 0;
  std::uint64_t sectors = 0, ideal_sectors = 0;
  std::uint64_t wavefronts = 0, ideal_wavefronts = 0;
};

/// Of what count_kernels() counted: the line that executes most first, of equal ones the first of its file.
/// Throws json::exception where it is not as softcudaCountersJson has it.
[[nodiscard]] std::vector<SourceLine> source_lines(const nlohmann::json& kernels);

}  // namespace flashdiff::figures
