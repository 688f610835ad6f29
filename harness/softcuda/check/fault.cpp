#include "harness/softcuda/check/fault.h"

namespace softcuda::check {

const char* name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::out_of_bounds: return "out-of-bounds access";
    case FaultKind::use_after_free: return "use after free";
    case FaultKind::padding_read: return "padding read";
    case FaultKind::padding_written: return "padding written";
    case FaultKind::null_pointer: return "null pointer";
    case FaultKind::misaligned: return "misaligned access";
    case FaultKind::wrong_space: return "address of another state space";
    case FaultKind::constant_written: return "write to constant memory";
    case FaultKind::deadlock: return "deadlock";
    case FaultKind::divergent_sync: return "lane outside of its own member mask";
    case FaultKind::shared_race: return "race in shared memory";
    case FaultKind::copy_race: return "asynchronous copy not waited for";
    case FaultKind::global_race: return "race between blocks in global memory";
    case FaultKind::unwritten_value: return "use of an unwritten value";
    case FaultKind::divergent_barrier: return "barrier under divergence";
    case FaultKind::barrier_count: return "wrong thread count of a barrier";
    case FaultKind::absent_member: return "member mask names lanes that are not there";
    case FaultKind::uncommitted_copy: return "wait for copies that were never committed";
    case FaultKind::leak: return "leaked allocation";
    case FaultKind::double_free: return "double free";
    case FaultKind::invalid_free: return "free of what is not allocated";
    case FaultKind::instruction_limit: return "instruction limit reached";
    case FaultKind::memory_limit: return "memory limit reached";
    case FaultKind::illegal_operand: return "illegal operand";
    case FaultKind::trap: return "trap";
    case FaultKind::assertion: return "assertion failed";
  }
  return "fault";
}

Code code_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::misaligned: return Code::misaligned_address;
    case FaultKind::wrong_space: return Code::invalid_address_space;
    case FaultKind::deadlock:
    case FaultKind::instruction_limit: return Code::launch_timeout;
    case FaultKind::illegal_operand: return Code::illegal_instruction;
    case FaultKind::divergent_sync:
    case FaultKind::trap: return Code::launch_failed;
    case FaultKind::assertion: return Code::assert_failed;
    default: return Code::illegal_address;
  }
}

}  // namespace softcuda::check
