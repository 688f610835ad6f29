#include "harness/softcuda/isa/table.h"

#include <map>
#include <unordered_map>

#include <fmt/core.h>

#include "harness/softcuda/isa/families.h"

namespace softcuda::isa {
namespace {

/// A family is one file and one line here.
constexpr std::span<const Entry> (*kFamilies[])() = {
    integer_family,    carry_family,  bits_family,    float32_family, approximate_family,
    float64_family,    half_family,   convert_family, compare_family, move_family,
    load_store_family, atomic_family, warp_family,    barrier_family, async_copy_family,
    mbarrier_family,   matrix_family, mma_family,     wmma_family,    wmma_memory_family,
    control_family,
};

using ByOpcode = std::unordered_map<std::string_view, std::vector<const Pattern*>>;
const ByOpcode& by_opcode() {
  static const ByOpcode table = [] {
    ByOpcode made;
    for (const Pattern& pattern : all_patterns()) made[pattern.opcode()].push_back(&pattern);
    return made;
  }();
  return table;
}

bool knows(const Pattern& pattern, const std::string& modifier) {
  for (const Slot& slot : pattern.slots()) {
    for (const std::string& choice : slot.choices) {
      if (choice == modifier) return true;
    }
  }
  return false;
}

}  // namespace

const std::vector<Pattern>& all_patterns() {
  static const std::vector<Pattern> patterns = [] {
    std::vector<Pattern> made;
    for (const auto family : kFamilies) {
      for (const Entry& entry : family()) made.emplace_back(entry);
    }
    return made;
  }();
  return patterns;
}

std::string spelled(const ptx::Instruction& instruction) {
  std::string text = instruction.opcode;
  for (const std::string& modifier : instruction.modifiers) text += "." + modifier;
  return text;
}

Decoded decode(const ptx::Instruction& instruction) {
  const auto found = by_opcode().find(instruction.opcode);
  if (found == by_opcode().end())
    return {std::nullopt, fmt::format("`{}`: no such instruction is supported", spelled(instruction))};
  for (const Pattern* pattern : found->second) {
    if (auto form = pattern->match(instruction)) return {std::move(form), {}};
  }
  for (const std::string& modifier : instruction.modifiers) {
    bool known = false;
    for (const Pattern* pattern : found->second) known = known || knows(*pattern, modifier);
    if (!known)
      return {std::nullopt,
              fmt::format("`{}`: modifier `.{}` is not supported", spelled(instruction), modifier)};
  }
  return {std::nullopt, fmt::format("`{}` with {} operands: these modifiers are not supported together",
                                    spelled(instruction), instruction.operands.size())};
}

std::vector<OpcodeUse> supported(const ptx::Module& module) {
  std::map<std::string, OpcodeUse> uses;
  for (const ptx::Function& function : module.functions) {
    for (const ptx::Instruction& instruction : function.body) {
      OpcodeUse& use = uses[spelled(instruction)];
      if (use.count++ != 0) continue;
      use.opcode = spelled(instruction);
      use.first_line = instruction.ptx_line;
      const Decoded decoded = decode(instruction);
      if (decoded.form) use.pattern = decoded.form->pattern().text();
      use.error = decoded.error;
    }
  }
  std::vector<OpcodeUse> rows;
  rows.reserve(uses.size());
  for (auto& [name, use] : uses) rows.push_back(std::move(use));
  return rows;
}

}  // namespace softcuda::isa
