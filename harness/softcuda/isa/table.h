#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/softcuda/isa/pattern.h"

namespace softcuda::isa {

/// Every pattern that is supported, by family, as the families list them.
[[nodiscard]] const std::vector<Pattern>& all_patterns();

/// The form of an instruction that some pattern matches; an error says why none does, without line or kernel.
struct Decoded {
  std::optional<Form> form;
  std::string error;
};
[[nodiscard]] Decoded decode(const ptx::Instruction&);

/// An instruction as it would be written, without operands: "ld.global.v4.f32".
[[nodiscard]] std::string spelled(const ptx::Instruction&);

/// One row a distinct opcode of a module: what it is, how often it is there, which pattern takes it.
struct OpcodeUse {
  std::string opcode;
  int count = 0;
  int first_line = 0;
  std::string pattern;  ///< empty: not supported
  std::string error;
};
[[nodiscard]] std::vector<OpcodeUse> supported(const ptx::Module&);

}  // namespace softcuda::isa
