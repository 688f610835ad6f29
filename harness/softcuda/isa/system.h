#pragma once
#include <cstdint>
#include <string>

#include "harness/softcuda/isa/entry.h"
#include "harness/softcuda/isa/warp.h"

/// Calls that every CUDA program may make of the device's own run-time system: vprintf, which printf becomes,
/// and
/// __assertfail, which assert becomes ("CUDA C++ Programming Guide", 10.35 and 10.20).
namespace softcuda::isa {

/// Who takes what a kernel says.
class System {
 public:
  virtual ~System() = default;
  virtual void print(std::string text) = 0;
  /// The sentence of a failed assertion: "file.cu:12: void k(): block: [0,0,0], thread: [3,0,0] Assertion `x`
  /// failed.", without block and thread.
  virtual void assertion(std::string where, std::string what) = 0;
};

/// Offsets, in the lane's local memory, of what a call hands over: the parameters, then the result.
/// vprintf(format, arguments) -> count; rows[0..2]. __assertfail(message, file, line, function, char_size);
/// rows[0..4].
[[nodiscard]] Handlers device_printf();
[[nodiscard]] Handlers device_assert();

}  // namespace softcuda::isa
