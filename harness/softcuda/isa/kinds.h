#pragma once
#include "harness/softcuda/count/kind.h"
#include "harness/softcuda/isa/entry.h"

namespace softcuda::isa {

/// What the counters take an instruction for. Every form has a kind: an opcode that kinds.cpp does not name
/// goes by its first type.
[[nodiscard]] count::Kind kind_of(const Form&);

}  // namespace softcuda::isa
