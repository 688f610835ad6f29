#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace softcuda::api {

/// What a client hands over as a module.
struct FoundImage {
  std::string ptx;
  bool opaque = false;  ///< machine code only: there is no PTX in it
  std::string failed;   ///< why what is in it cannot be used: one line
};

/// PTX text (zero-terminated), a fat binary with PTX in it (as nvcc -fatbin writes it, plain or compressed by
/// zstd), its wrapper in a program, or machine code, which has no PTX. `limit`: bytes that may be read, where
/// it is known; a client's pointer comes without one, and then what the headers say is believed.
[[nodiscard]] FoundImage find_ptx(const void* image, std::optional<std::size_t> limit = {});

}  // namespace softcuda::api
