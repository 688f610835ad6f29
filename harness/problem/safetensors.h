#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::detail {

/// One tensor of a safetensors file; `bytes` points into the file's bytes and is not aligned.
struct StoredTensor {
  std::string dtype;  ///< as the file says it: F16, BF16, F32, I32, ...
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

struct SafeTensors {
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads the container: 8 bytes of header length (little-endian), a JSON header, the tensors' bytes without
/// holes or overlaps (huggingface/safetensors, README, "Format"). Trusts nothing that the header says: each
/// range lies inside the file and is as long as its shape and dtype ask. Errors (bad_input) name `file` and
/// what was expected. The result points into `bytes`.
[[nodiscard]] Outcome<SafeTensors> read_safetensors(std::span<const std::byte> bytes,
                                                    const std::string& file);

}  // namespace flashdiff::detail
