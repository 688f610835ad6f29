#include "harness/softcuda/exec/report.h"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "harness/softcuda/isa/table.h"

namespace softcuda::exec {
namespace {

using check::FaultKind;
using ptx::Operand;
using ptx::OperandKind;

std::string text_of(const Operand& operand, const ptx::Function& function) {
  const auto list = [&](const char* between) {
    std::string text;
    for (const Operand& element : operand.elements)
      text += (text.empty() ? "" : between) + text_of(element, function);
    return text;
  };
  switch (operand.kind) {
    case OperandKind::reg: return function.registers[static_cast<std::size_t>(operand.index)].name;
    case OperandKind::integer: return fmt::format("{}", static_cast<std::int64_t>(operand.bits));
    case OperandKind::f32: return fmt::format("0f{:08X}", static_cast<std::uint32_t>(operand.bits));
    case OperandKind::f64: return fmt::format("0d{:016X}", operand.bits);
    case OperandKind::address: {
      const auto offset = static_cast<std::int64_t>(operand.bits);
      if (operand.elements.empty()) return fmt::format("[{}]", offset);
      return offset == 0 ? fmt::format("[{}]", list(", ")) : fmt::format("[{}+{}]", list(", "), offset);
    }
    case OperandKind::vector: return fmt::format("{{{}}}", list(", "));
    case OperandKind::pair: return list("|");
    case OperandKind::negated: return fmt::format("!{}", list(""));
    case OperandKind::sink: return "_";
    default: return operand.name;
  }
}

/// "`k`, flash.cu:12, block (1,0,0), warp 0, lane 3 (thread (3,0,0))"
std::string where(const Launch& launch, const Extent3& block, const isa::Op* op, int warp, int lane) {
  const Origin& origin = launch.program.origins[op->number];
  const std::string source =
      origin.instruction != nullptr ? source_of(*launch.program.module, *origin.instruction) : "";
  const std::uint32_t thread =
      static_cast<std::uint32_t>(warp) * isa::kLanes + static_cast<std::uint32_t>(lane);
  const auto& b = launch.block;
  return fmt::format("kernel `{}`{}{}, block ({},{},{}), warp {}, lane {}, thread ({},{},{})",
                     launch.program.kernel, source.empty() ? "" : ", ", source, block[0], block[1], block[2],
                     warp, lane, thread % b[0], thread / b[0] % b[1], thread / b[0] / b[1]);
}

std::string ptx_line(const Launch& launch, const isa::Op* op) {
  const Origin& origin = launch.program.origins[op->number];
  if (origin.instruction == nullptr) return "end of the kernel";
  return fmt::format("PTX line {}: {}", origin.instruction->ptx_line, text_of(origin));
}

/// The element that a fault's address is nearest to, where its allocation is described; a line, or nothing.
std::string element_text(const Launch& launch, std::uint64_t address) {
  const auto near = launch.allocations.nearest(address);
  if (!near) return {};
  const std::uint64_t far = address < near->base ? near->base - address : address - near->base;
  if (far > 2 * near->bytes) return {};  // a wild pointer: no element is meant
  const std::string element = launch.extents.words(near->base, address);
  return element.empty() ? element : fmt::format("  {}\n", element);
}

std::string space_bounds(const Launch& launch, const isa::Raised& raised, const isa::Warp& w) {
  switch (raised.space) {
    case ptx::Space::shared:
      return fmt::format("  the block has {} bytes of shared memory ({} static, {} dynamic)\n",
                         launch.shared_bytes(), launch.program.static_shared_bytes,
                         launch.dynamic_shared_bytes);
    case ptx::Space::local: return fmt::format("  each thread has {} bytes of local memory\n", w.local_bytes);
    case ptx::Space::param: return fmt::format("  the kernel has {} bytes of parameters\n", w.param_bytes);
    default:
      return neighbourhood(launch.allocations, raised.address, raised.bytes) +
             element_text(launch, raised.address);
  }
}

bool is_access(FaultKind kind) {
  return kind == FaultKind::out_of_bounds || kind == FaultKind::use_after_free ||
         kind == FaultKind::null_pointer || kind == FaultKind::misaligned || kind == FaultKind::wrong_space ||
         kind == FaultKind::constant_written;
}

/// Intrinsics are functions of the CUDA toolkit's headers: nobody looks for a mistake there. Told by name,
/// since toolkits lie anywhere.
bool is_toolkit_header(std::string_view path) {
  if (path.find("/include/") == std::string_view::npos) return false;
  for (const std::string_view part : {"/crt/", "/cccl/", "/cooperative_groups", "/cuda/std/", "/nv/"}) {
    if (path.find(part) != std::string_view::npos) return true;
  }
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const std::string_view start :
       {"sm_", "cuda_", "device_", "mma.", "math_functions", "vector_functions"}) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

std::string source_of(const ptx::Module& module, const ptx::Instruction& instruction) {
  std::string text;
  int at = instruction.source;
  for (int depth = 0; at >= 0 && at < static_cast<int>(module.lines.size()) && depth < 8; ++depth) {
    const ptx::SourceLine& line = module.lines[static_cast<std::size_t>(at)];
    const auto file = static_cast<std::size_t>(line.file);
    const std::string place =
        fmt::format("{}:{}", file < module.files.size() ? module.files[file] : "?", line.line);
    text += depth == 0 ? place : " inlined at " + place;
    at = line.inlined_at;
  }
  return text;
}

std::string neighbourhood(const check::Allocations& allocations, std::uint64_t address, std::uint64_t bytes) {
  std::string text;
  if (const auto freed = allocations.freed_at(address)) {
    text += fmt::format("  it is {} bytes into {}, {} bytes at {:#x}, which has been freed\n",
                        address - freed->base, freed->what, freed->bytes, freed->base);
  }
  const auto near = allocations.nearest(address);
  if (!near) return text + "  nothing is allocated\n";
  text += fmt::format("  nearest: {}, {} bytes at {:#x}: ", near->what, near->bytes, near->base);
  if (address < near->base)
    return text + fmt::format("the access starts {} bytes before it\n", near->base - address);
  if (address >= near->end())
    return text + fmt::format("the access starts {} bytes behind its end\n", address - near->end());
  if (near->end() - address >= bytes)
    return text + fmt::format("the access starts at byte {}\n", address - near->base);
  return text + fmt::format("the access starts at byte {} and ends {} bytes behind its end\n",
                            address - near->base, address + bytes - near->end());
}

void set_line(const ptx::Module& module, const ptx::Instruction* at, std::string& file, int& line) {
  if (at == nullptr) return;
  int source = at->source;
  for (int depth = 0; source >= 0 && source < static_cast<int>(module.lines.size()) && depth < 64; ++depth) {
    const ptx::SourceLine& from = module.lines[static_cast<std::size_t>(source)];
    const auto index = static_cast<std::size_t>(from.file);
    file = index < module.files.size() ? module.files[index] : "";
    line = from.line;
    if (!is_toolkit_header(file)) return;
    source = from.inlined_at;
  }
}

std::string text_of(const Origin& origin) {
  const ptx::Instruction& in = *origin.instruction;
  std::string text;
  if (in.guard >= 0)
    text = fmt::format("@{}{} ", in.guard_negated ? "!" : "",
                       origin.function->registers[static_cast<std::size_t>(in.guard)].name);
  text += isa::spelled(in);
  for (std::size_t k = 0; k < in.operands.size(); ++k)
    text += (k == 0 ? " " : ", ") + text_of(in.operands[k], *origin.function);
  return text;
}

check::Fault describe(const Launch& launch, const Extent3& block, const WarpThread& thread) {
  const isa::Warp& w = thread.warp();
  const isa::Raised& raised = w.raised;
  check::Fault fault;
  fault.kind = raised.kind;
  const std::string place = where(launch, block, raised.op, w.index, raised.lane);
  if (is_access(raised.kind)) {
    const char* space = raised.space == ptx::Space::generic ? "generic" : ptx::name_of(raised.space);
    fault.what = fmt::format("{}: {} of {} bytes at {:#x} in {} memory, {}", check::name_of(raised.kind),
                             raised.write ? "write" : "read", raised.bytes, raised.address, space, place);
  } else if (raised.kind == FaultKind::divergent_sync) {
    fault.what = fmt::format("{}: mask {:#010x}, {}", check::name_of(raised.kind), raised.address, place);
  } else {
    fault.what = fmt::format("{}: {}", check::name_of(raised.kind), place);
  }
  set_line(*launch.program.module, launch.program.origins[raised.op->number].instruction, fault.file,
           fault.line);
  fault.report = fault.what + "\n";
  if (is_access(raised.kind)) fault.report += space_bounds(launch, raised, w);
  fault.report += fmt::format("  {}\n", ptx_line(launch, raised.op));
  return fault;
}

check::Fault describe_stuck(const Launch& launch, const Extent3& block,
                            const std::vector<WarpThread>& threads, FaultKind kind) {
  check::Fault fault;
  fault.kind = kind;
  fault.what = fmt::format("{}: kernel `{}`, block ({},{},{})", check::name_of(kind), launch.program.kernel,
                           block[0], block[1], block[2]);
  std::string standing;
  for (const WarpThread& thread : threads) {
    if (thread.finished()) {
      standing += fmt::format("  warp {}: finished\n", thread.warp().index);
      continue;
    }
    for (const Group& group : thread.groups()) {
      // A barrier's op is behind it: the group goes on at pc.
      const isa::Op* op = group.state == GroupState::barrier ? group.pc - 1 : group.pc;
      std::string doing = "runs at";
      if (group.state == GroupState::barrier)
        doing = fmt::format("waits at barrier {}", group.request.number);
      if (group.state == GroupState::waiting) doing = "waits for other lanes";
      const Origin& origin = launch.program.origins[op->number];
      const std::string source =
          origin.instruction != nullptr ? source_of(*launch.program.module, *origin.instruction) : "";
      if (fault.line == 0) set_line(*launch.program.module, origin.instruction, fault.file, fault.line);
      standing += fmt::format("  warp {}, lanes {:#010x}: {}, {}, {}\n", thread.warp().index, group.lanes,
                              doing, source, ptx_line(launch, op));
    }
  }
  fault.report = fault.what + "\n" + standing;
  return fault;
}

}  // namespace softcuda::exec
