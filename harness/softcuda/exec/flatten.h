#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/softcuda/isa/entry.h"
#include "harness/softcuda/ptx/module.h"

namespace softcuda::exec {

/// One function's instance in a kernel: the kernel itself, or a call, which is copied in place. (No
/// recursion, no indirect calls: neither has been seen in kernels, and each is a load error.)
struct Frame {
  const ptx::Function* function = nullptr;
  int caller = -1;                         ///< frame
  const ptx::Instruction* call = nullptr;  ///< in the caller
  int first_register = 0;                  ///< of its registers among the program's
  std::vector<std::uint64_t> variables;    ///< offsets of Function::variables in their spaces
  std::vector<int> item_of;                ///< body index (and body.size()) -> item
};

enum class ItemKind : std::uint8_t {
  instruction,
  skip,    ///< made from a guard on a control instruction: lanes that the guard leaves out go to `target`
  jump,    ///< made from a return out of a copied function
  system,  ///< a call of the device's own run-time system: vprintf, __assertfail
};

/// A decoded instruction before it has rows.
struct Item {
  ItemKind kind = ItemKind::instruction;
  isa::Flow flow = isa::Flow::plain;
  int frame = 0;
  const ptx::Instruction* instruction = nullptr;
  int form = -1;   ///< index into Flat::forms
  int guard = -1;  ///< register of its frame
  bool unless = false;
  int counted = 1;           ///< PTX instructions that it stands for: 0 or 1
  std::vector<int> targets;  ///< items; Flow::branch: one, Flow::indexed_branch: the table
};

struct Flat {
  std::vector<Frame> frames;
  std::vector<Item> items;
  std::vector<isa::Form> forms;
  int registers = 0;
  std::vector<std::string> errors;  ///< `line: what`, empty when all is well
};

/// Instructions that copies of called functions, and targets of brx.idx, may add to a module's kernels, all
/// of them together: a short text can ask for 2^64 of them.
constexpr int kMostCopies = 500'000;

/// A kernel with its calls copied in, guards on control instructions made into branches, labels made into
/// items, every instruction matched with its pattern. `copies_left`: of the module's
/// kMostCopies; what this kernel takes is taken off.
[[nodiscard]] Flat flatten(const ptx::Module&, const ptx::Function& kernel, int& copies_left);

}  // namespace softcuda::exec
