#pragma once
#include <cstdint>

namespace flashdiff {

/// Which driver a run uses.
enum class DeviceChoice : std::uint8_t {
  automatic,  ///< the system's, if it is there and finds a device; else softcuda
  gpu,        ///< only the system's
  soft,       ///< only softcuda
};

}  // namespace flashdiff
