#include "harness/softcuda/exec/placement.h"

#include <algorithm>

#include <fmt/core.h>

namespace softcuda::exec {
namespace {

std::uint64_t aligned(std::uint64_t offset, std::uint64_t align) {
  return align <= 1 ? offset : (offset + align - 1) / align * align;
}

/// The k-th variable handed over by a call: of the list before (results) or behind (parameters) the callee.
const ptx::Operand* handed_over(const ptx::Instruction& call, bool result, std::size_t k) {
  const auto name =
      std::ranges::find_if(call.operands, [](const auto& o) { return o.kind == ptx::OperandKind::function; });
  const ptx::Operand* list = nullptr;
  if (result && name != call.operands.begin()) list = &*(name - 1);
  if (!result && name + 1 != call.operands.end()) list = &*(name + 1);
  if (list == nullptr || k >= list->elements.size()) return nullptr;
  return &list->elements[k];
}

/// Module-level shared variables that the kernel's items name.
std::vector<int> named_variables(const Flat& flat) {
  std::vector<int> named;
  const auto look = [&](const auto& self, const ptx::Operand& operand) -> void {
    if (operand.owner == ptx::SymbolOwner::module_variable) named.push_back(operand.index);
    for (const ptx::Operand& element : operand.elements) self(self, element);
  };
  for (const Item& item : flat.items) {
    if (item.instruction == nullptr) continue;
    for (const ptx::Operand& operand : item.instruction->operands) look(look, operand);
  }
  std::ranges::sort(named);
  named.erase(std::unique(named.begin(), named.end()), named.end());
  return named;
}

bool asks_for_reserved(const Flat& flat) {
  const auto asks = [](const auto& self, const ptx::Operand& operand) -> bool {
    return (operand.kind == ptx::OperandKind::special && reserved_offset(operand.name)) ||
           std::ranges::any_of(operand.elements, [&](const auto& element) { return self(self, element); });
  };
  return std::ranges::any_of(flat.items, [&](const Item& item) {
    return item.instruction != nullptr &&
           std::ranges::any_of(item.instruction->operands, [&](const auto& o) { return asks(asks, o); });
  });
}

}  // namespace

std::optional<std::uint32_t> reserved_offset(std::string_view special_register) {
  static constexpr std::pair<std::string_view, std::uint32_t> kOffsets[] = {
      {"%reserved_smem_offset_begin", 0},
      {"%reserved_smem_offset_end", kReservedShared},
      {"%reserved_smem_offset_cap", kReservedShared},
      {"%reserved_smem_offset_0", 0},
      {"%reserved_smem_offset_1", kReservedShared / 2}};
  for (const auto& [name, offset] : kOffsets) {
    if (name == special_register) return offset;
  }
  return std::nullopt;
}

Placement::Placement(const ptx::Module& module, const GlobalAddresses& globals, Flat& flat)
    : module_(module), globals_(globals) {
  reserved_shared_bytes = asks_for_reserved(flat) ? kReservedShared : 0;
  std::uint64_t shared = reserved_shared_bytes, local = 0, parameter = 0;
  const std::vector<int> named = named_variables(flat);
  std::vector<const ptx::Variable*> dynamic;
  for (const int index : named) {
    const ptx::Variable& variable = module.variables[static_cast<std::size_t>(index)];
    if (variable.space != ptx::Space::shared) continue;
    if (variable.bytes == 0) {
      dynamic.push_back(&variable);
      continue;
    }
    shared = aligned(shared, variable.align);
    module_shared_[variable.name] = shared;
    shared += variable.bytes;
  }
  for (Frame& frame : flat.frames) {
    frame.variables.clear();
    for (const ptx::Variable& variable : frame.function->variables) {
      std::uint64_t& top = variable.space == ptx::Space::shared ? shared : local;
      top = aligned(top, variable.align);
      frame.variables.push_back(top);
      top += variable.bytes;
    }
  }
  // Every `extern __shared__` array starts at the same address: behind the static ones.
  std::uint64_t align = 16;
  for (const ptx::Variable* variable : dynamic) align = std::max(align, variable->align);
  if (!dynamic.empty()) shared = aligned(shared, align);
  for (const ptx::Variable* variable : dynamic) module_shared_[variable->name] = shared;
  for (const ptx::Variable& variable : flat.frames.front().function->parameters) {
    parameter = aligned(parameter, variable.align);
    parameters.emplace_back(static_cast<std::uint32_t>(parameter),
                            static_cast<std::uint32_t>(variable.bytes));
    parameter += variable.bytes;
  }
  constexpr std::uint64_t kMost = std::uint64_t{1} << 28;
  if (shared > kMost || local > kMost) flat.errors.emplace_back("0: shared or local memory above 256 MiB");
  // "The maximum memory size supported by PTX for normal (non-opaque type) parameters is 32764 bytes" (PTX
  // ISA 5.1.6.4, of version 8.1 for sm_70).
  constexpr std::uint64_t kMostParameters = 32764;
  if (parameter > kMostParameters)
    flat.errors.push_back(fmt::format("0: {} bytes of parameters, where a kernel takes at most {}", parameter,
                                      kMostParameters));
  shared_bytes = static_cast<std::uint32_t>(shared);
  local_bytes = static_cast<std::uint32_t>(aligned(local, 16));
  parameter_bytes = static_cast<std::uint32_t>(parameter);
}

std::optional<Place> Placement::parameter(const Flat& flat, int frame, int index, bool returned) const {
  const Frame& f = flat.frames[static_cast<std::size_t>(frame)];
  if (f.caller < 0) {
    if (returned || index >= static_cast<int>(parameters.size())) return std::nullopt;
    return Place{ptx::Space::param, parameters[static_cast<std::size_t>(index)].first};
  }
  // A copied function works on its caller's .param variables: nothing is copied by the call.
  const ptx::Operand* operand = handed_over(*f.call, returned, static_cast<std::size_t>(index));
  return operand == nullptr ? std::nullopt : find(flat, f.caller, *operand);
}

std::optional<Place> Placement::find(const Flat& flat, int frame, const ptx::Operand& operand) const {
  const Frame& f = flat.frames[static_cast<std::size_t>(frame)];
  const auto index = static_cast<std::size_t>(operand.index);
  switch (operand.owner) {
    case ptx::SymbolOwner::function_variable: {
      const ptx::Variable& variable = f.function->variables.at(index);
      // .param variables of a body are the frames of its calls: a lane's own, like local memory.
      const bool shared = variable.space == ptx::Space::shared;
      return Place{shared ? ptx::Space::shared : ptx::Space::local, f.variables.at(index)};
    }
    case ptx::SymbolOwner::parameter: {
      const std::size_t inputs = f.function->parameters.size();
      const bool returned = index >= inputs;
      return parameter(flat, frame, static_cast<int>(returned ? index - inputs : index), returned);
    }
    case ptx::SymbolOwner::module_variable: {
      const ptx::Variable& variable = module_.variables.at(index);
      if (variable.space == ptx::Space::shared) {
        const auto found = module_shared_.find(variable.name);
        if (found == module_shared_.end()) return std::nullopt;
        return Place{ptx::Space::shared, found->second};
      }
      const auto found = globals_.find(variable.name);
      if (found == globals_.end()) return std::nullopt;
      return Place{ptx::Space::global, found->second};
    }
    default: return std::nullopt;
  }
}

}  // namespace softcuda::exec
