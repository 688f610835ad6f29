#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/softcuda/ptx/parser.h"

/// What the tests of this folder say of a text.
namespace softcuda::ptx {

inline constexpr std::string_view kHead = ".version 9.0\n.target sm_80\n.address_size 64\n";

/// The module of a text that must parse; the parser's line as the exception otherwise.
inline Module parsed(std::string_view text) {
  auto module = parse(text, "test.ptx");
  if (!module) throw std::runtime_error(module.error().what);
  return *std::move(module);
}

/// The module of `head + items`.
inline Module module_of(std::string_view items) { return parsed(std::string(kHead) + std::string(items)); }

/// The entry of a module made of one: registers of every class are declared, `statements` are its body.
inline Function entry_of(std::string_view statements) {
  Module module = module_of(
      ".extern .shared .align 16 .b8 dynamic_shared[];\n"
      ".global .align 4 .b8 table[64];\n"
      ".visible .entry k(.param .u64 p, .param .align 8 .b8 block[32])\n{\n"
      ".reg .pred %p<4>; .reg .b16 %rs<4>; .reg .b32 %r<8>; .reg .f32 %f<8>; .reg .b64 %rd<8>;\n" +
      std::string(statements) + "\n}\n");
  return std::move(module.functions.at(0));
}

/// The one instruction of a body.
inline Instruction instruction_of(std::string_view statement) {
  return std::move(entry_of(statement).body.at(0));
}

/// One operand, as it appears in an instruction.
inline Operand operand_of(std::string_view operand) {
  return std::move(instruction_of("op " + std::string(operand) + ";").operands.at(0));
}

/// What the parser says of a text that it must refuse; empty when it takes it.
inline std::string error_of(std::string_view text) {
  const auto module = parse(text, "test.ptx");
  return module ? std::string() : module.error().what;
}
inline std::string error_of_items(std::string_view items) {
  return error_of(std::string(kHead) + std::string(items));
}

}  // namespace softcuda::ptx
