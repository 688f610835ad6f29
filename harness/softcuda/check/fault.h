#pragma once
#include <cstdint>
#include <string>

/// What stops a launch, and what is told about it. Knows nothing of cuda.h: api/ turns a kind into a
/// CUresult.
namespace softcuda::check {

enum class FaultKind : std::uint8_t {
  out_of_bounds,      ///< no allocation, shared block or local frame holds every byte of the access
  use_after_free,     ///< the bytes belonged to an allocation that has been freed
  null_pointer,       ///< an address in the first 64 KiB
  misaligned,         ///< address no multiple of the access size
  wrong_space,        ///< a window address of one state space used in another
  deadlock,           ///< no thread of the block can go on
  divergent_sync,     ///< a *.sync instruction executed by a lane that its own member mask leaves out
  instruction_limit,  ///< the launch issued more instructions than it may
  illegal_operand,    ///< an operand's value that the instruction does not take
  trap,               ///< trap, brkpt or a failed assertion
  assertion,
};
[[nodiscard]] const char* name_of(FaultKind);

/// What the driver API would answer for a fault; one step away from CUresult.
enum class Code : std::uint8_t {
  illegal_address,
  misaligned_address,
  invalid_address_space,
  launch_timeout,
  launch_failed,
  illegal_instruction,
  assert_failed,
};
[[nodiscard]] Code code_of(FaultKind);

struct Fault {
  FaultKind kind = FaultKind::trap;
  std::string what;  ///< one line: kind, address, kernel, source line, block, warp, lane
  std::string
      report;  ///< several lines, `what` first: nearest allocation, PTX line and text, where else warps stand
};

}  // namespace softcuda::check
