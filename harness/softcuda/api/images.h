#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace softcuda::api {

/// What a client hands over as a module.
struct FoundImage {
  std::string ptx;
  bool opaque = false;   ///< machine code only: there is no PTX in it
  unsigned too_new = 0;  ///< all PTX in it is for newer devices: the oldest of them
  std::string failed;    ///< why what is in it cannot be used: one line
};

/// PTX text (zero-terminated), a fat binary with PTX in it (as nvcc -fatbin writes it, plain or compressed by
/// zstd or LZ4), its wrapper in a program, or machine code, which has no PTX. `capability`: of the device, 80
/// for an sm_80; of several PTX texts the newest that it can run is found. `limit`: bytes that may be read,
/// where it is known; a client's pointer comes without one, and then what the headers say is believed.
[[nodiscard]] FoundImage find_ptx(const void* image, int capability, std::optional<std::size_t> limit = {});

}  // namespace softcuda::api
