#pragma once
#include <cstdint>
#include <string>

/// What stops a launch, and what is told about it. Knows nothing of cuda.h: api/ turns a kind into a
/// CUresult.
namespace softcuda::check {

enum class FaultKind : std::uint8_t {
  out_of_bounds,   ///< no allocation, shared block or local frame holds every byte of the access
  use_after_free,  ///< the bytes belonged to an allocation that has been freed
  padding_read,    ///< bytes of an allocation that are no element of the tensors described there
  padding_written,
  null_pointer,       ///< an address in the first 64 KiB
  misaligned,         ///< address no multiple of the access size
  wrong_space,        ///< a window address of one state space used in another
  constant_written,   ///< a kernel writes a variable of constant memory
  deadlock,           ///< no thread of the block can go on
  divergent_sync,     ///< a *.sync instruction executed by a lane that its own member mask leaves out
  shared_race,        ///< two accesses to shared memory, one a write, that nothing orders
  copy_race,          ///< an access to what an asynchronous copy is writing
  global_race,        ///< the same between blocks, in global memory
  unwritten_value,    ///< memory or a register that was never written decides about something
  divergent_barrier,  ///< lanes of a warp at different barriers that want all of them
  barrier_count,     ///< a barrier's thread count that is no multiple of 32, or that its users disagree about
  absent_member,     ///< a member mask that names lanes which have exited, or never were
  uncommitted_copy,  ///< a wait for groups by a thread that has copies and no group
  leak,              ///< an allocation that outlives its context
  double_free,       ///< by the host: of what has been freed before
  invalid_free,      ///< by the host: of an address that no allocation starts at, or by the wrong call
  instruction_limit,  ///< the launch issued more instructions than it may
  memory_limit,       ///< the launch would take more of the host's memory than it may
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
  std::string file;  ///< CUDA source, where it is known
  int line = 0;
  std::string what;  ///< one line: kind, address, kernel, source line, block, warp, lane
  std::string
      report;  ///< several lines, `what` first: nearest allocation, PTX line and text, where else warps stand
};

}  // namespace softcuda::check
