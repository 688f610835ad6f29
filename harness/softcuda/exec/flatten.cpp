#include "harness/softcuda/exec/flatten.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "harness/softcuda/isa/table.h"

namespace softcuda::exec {
namespace {

using isa::Flow;
using ptx::Instruction;

constexpr int kDeepestCall = 64;

class Flattener {
 public:
  Flattener(const ptx::Module& module, int& copies_left, Flat& flat)
      : module_(module), copies_left_(copies_left), flat_(flat) {}

  void add(const ptx::Function& function, int caller, const Instruction* call, int depth) {
    const int frame = static_cast<int>(flat_.frames.size());
    flat_.frames.push_back(
        {&function, caller, call, flat_.registers, {}, std::vector<int>(function.body.size() + 1)});
    flat_.registers += static_cast<int>(function.registers.size());
    const std::size_t first = flat_.items.size();
    std::vector<std::size_t> returns;
    for (std::size_t at = 0; at < function.body.size(); ++at) {
      flat_.frames[static_cast<std::size_t>(frame)].item_of[at] = next_item();
      if (caller >= 0) copied(function.body[at], 1);
      instruction(function.body[at], frame, depth, returns);
      if (stopped_) return;
    }
    flat_.frames[static_cast<std::size_t>(frame)].item_of[function.body.size()] = next_item();
    for (const std::size_t at : returns) flat_.items[at].targets = {next_item()};
    if (caller < 0) {  // a kernel whose text runs out ends there
      flat_.items.push_back(
          {ItemKind::instruction, Flow::exit, frame, nullptr, return_form(), -1, false, 0, {}});
    }
    resolve(first, frame);
  }

 private:
  [[nodiscard]] int next_item() const { return static_cast<int>(flat_.items.size()); }
  void error(const Instruction& at, const std::string& what) {
    const std::string line = fmt::format("{}: {}", at.ptx_line, what);
    if (told_.insert(line).second) flat_.errors.push_back(line);  // of all copies of a function once
  }
  /// Copies of copies could grow without end, and so could tables.
  void copied(const Instruction& in, std::size_t count) {
    if (stopped_) return;
    stopped_ = count > static_cast<std::size_t>(copies_left_);
    if (stopped_)
      error(in,
            fmt::format("calls, which are copied in, and tables of brx.idx make the module longer by more "
                        "than {} instructions",
                        kMostCopies));
    else
      copies_left_ -= static_cast<int>(count);
  }

  int keep(isa::Form form) {
    flat_.forms.push_back(std::move(form));
    return static_cast<int>(flat_.forms.size()) - 1;
  }
  int return_form() {
    Instruction made;
    made.opcode = "ret";
    return keep(*isa::decode(made).form);
  }

  void instruction(const Instruction& in, int frame, int depth, std::vector<std::size_t>& returns) {
    isa::Decoded decoded = isa::decode(in);
    if (!decoded.form) return error(in, decoded.error);
    const Flow flow = decoded.form->pattern().entry().flow;
    if (flow == Flow::branch && in.operands[0].kind != ptx::OperandKind::label)
      return error(in, "a branch to what is no label");
    if (flow == Flow::indexed_branch) {
      const ptx::Operand& table = in.operands[1];
      if (table.owner != ptx::SymbolOwner::table)
        return error(in, "brx.idx without a table of .branchtargets");
      const auto& all = flat_.frames[static_cast<std::size_t>(frame)].function->tables;
      const std::size_t targets = all.at(static_cast<std::size_t>(table.index)).targets.size();
      if (targets == 0) return error(in, "brx.idx with an empty table");
      copied(in, targets);
    }
    Item item{ItemKind::instruction, flow, frame, &in, keep(std::move(*decoded.form)), in.guard,
              in.guard_negated,      1,    {}};

    const bool by_itself = flow == Flow::plain || flow == Flow::memory || flow == Flow::branch;
    if (in.guard >= 0 && !by_itself) {
      Item skip = item;
      skip.kind = ItemKind::skip;
      skip.flow = Flow::branch;
      skip.unless = !in.guard_negated;  // those whom the guard leaves out
      flat_.items.push_back(skip);
      item.guard = -1;
      item.counted = 0;
    }
    const std::size_t skip_at = flat_.items.size() - 1;
    const bool skipped = in.guard >= 0 && !by_itself;
    if (flow == Flow::call) {
      call(in, item, depth);
    } else if (flow == Flow::exit && in.opcode == "ret" &&
               flat_.frames[static_cast<std::size_t>(frame)].caller >= 0) {
      item.kind = ItemKind::jump;
      item.flow = Flow::branch;
      returns.push_back(flat_.items.size());
      flat_.items.push_back(item);
    } else {
      flat_.items.push_back(item);
    }
    if (skipped) flat_.items[skip_at].targets = {next_item()};
  }

  void call(const Instruction& in, Item item, int depth) {
    const auto named =
        std::ranges::find_if(in.operands, [](const auto& o) { return o.kind == ptx::OperandKind::function; });
    if (named == in.operands.end()) return error(in, "an indirect call: not supported");
    const auto callee = std::ranges::find_if(
        module_.functions, [&](const auto& f) { return f.name == named->name && !f.is_declared_only; });
    if (callee == module_.functions.end() && (named->name == "vprintf" || named->name == "__assertfail")) {
      item.kind = ItemKind::system;
      item.flow = Flow::plain;
      flat_.items.push_back(item);
      return;
    }
    if (callee == module_.functions.end())
      return error(in, fmt::format("call of `{}`, which the module does not define", named->name));
    if (depth >= kDeepestCall)
      return error(in, fmt::format("call of `{}` is more than {} calls deep, or recursive: not supported",
                                   named->name, kDeepestCall));
    // The call itself is one instruction: a jump to the copy that follows it.
    item.kind = ItemKind::jump;
    item.flow = Flow::branch;
    const std::size_t at = flat_.items.size();
    flat_.items.push_back(item);
    flat_.items[at].targets = {next_item()};
    add(*callee, item.frame, &in, depth + 1);
  }

  /// Labels of this frame's own branches; the items of copied functions have resolved theirs.
  void resolve(std::size_t first, int frame) {
    const Frame& f = flat_.frames[static_cast<std::size_t>(frame)];
    for (std::size_t at = first; at < flat_.items.size(); ++at) {
      Item& item = flat_.items[at];
      if (item.frame != frame || item.kind != ItemKind::instruction) continue;
      if (item.flow == Flow::branch) {
        item.targets = {f.item_of.at(static_cast<std::size_t>(item.instruction->operands[0].index))};
      } else if (item.flow == Flow::indexed_branch) {
        for (const int target :
             f.function->tables.at(static_cast<std::size_t>(item.instruction->operands[1].index)).targets) {
          item.targets.push_back(f.item_of.at(static_cast<std::size_t>(target)));
        }
      }
    }
  }

  const ptx::Module& module_;
  int& copies_left_;
  Flat& flat_;
  std::set<std::string> told_;
  bool stopped_ = false;
};

}  // namespace

Flat flatten(const ptx::Module& module, const ptx::Function& kernel, int& copies_left) {
  Flat flat;
  Flattener(module, copies_left, flat).add(kernel, -1, nullptr, 0);
  return flat;
}

}  // namespace softcuda::exec
