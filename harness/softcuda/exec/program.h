#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/softcuda/count/kind.h"
#include "harness/softcuda/exec/op_shape.h"
#include "harness/softcuda/isa/warp.h"
#include "harness/softcuda/ptx/module.h"

namespace softcuda::exec {

/// A row that holds one value in every lane, known when the kernel is loaded.
struct ConstantRow {
  std::uint32_t row = 0;
  int bits = 32;  ///< 1: a predicate
  std::uint64_t value = 0;
};

/// Special registers (PTX ISA 10) that a row is filled from.
enum class Special : std::uint8_t {
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid,
  warpid,
  nwarpid,
  zero,
  one,
  lanemask_eq,
  lanemask_le,
  lanemask_lt,
  lanemask_ge,
  lanemask_gt,
  dynamic_shared_bytes,
  total_shared_bytes,
  clock,
  clock_high,
  workspace_high,  ///< a cooperative launch's, where grid.sync counts
  workspace_low,
};
struct SpecialRow {
  std::uint32_t row = 0;
  int bits = 32;
  Special what = Special::zero;
};

/// Where an Op came from, for reports, and what it counts as.
struct Origin {
  const ptx::Instruction* instruction = nullptr;
  const ptx::Function* function = nullptr;  ///< that holds it: the kernel, or a function called by it
  count::Kind kind;
};

/// A basic block, for the counters: what one execution of it executes.
struct CountedBlock {
  std::vector<std::uint32_t> instructions;  ///< origins
  bool branches = false;                    ///< ends in a branch that lanes may take differently
};

/// A kernel, decoded: ops in the order of their blocks' ranks (see order.h), so that the smallest pc among a
/// warp's groups is the one to run.
struct Program {
  std::string kernel;
  std::shared_ptr<const ptx::Module> module;
  std::vector<isa::Op> ops;
  std::vector<OpShape> shapes;       ///< by op
  std::vector<Origin> origins;       ///< by Op::number
  std::vector<CountedBlock> blocks;  ///< by number, as ends of blocks have it (isa/control.h); 0 is empty
  std::vector<std::uint32_t> site_origins;  ///< by slot in Warp::sites
  std::vector<ConstantRow> constants;
  std::vector<SpecialRow> specials;
  std::uint32_t file_bytes = 0;  ///< of a warp: its head and its rows, a multiple of 64
  std::uint32_t registers_begin = 0, registers_end = 0;  ///< of it, what holds the kernel's registers
  /// Rows that may be read before they are written, by offset and bits.
  std::vector<std::pair<std::uint32_t, int>> unwritten_at_entry;
  /// Where the file holds predicates, of 4 bytes each: [first, last), multiples of 64, and no other rows in
  /// them.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> predicates;
  std::uint32_t spare = 0;  ///< in it, rows that detectors may use: 4 of 32 bits, a predicate
  std::uint32_t sites = 0;
  std::uint32_t static_shared_bytes = 0;
  std::uint32_t reserved_shared_bytes = 0;  ///< of those the first, zero when a block starts
  std::uint32_t local_bytes = 0;
  std::uint32_t parameter_bytes = 0;
};

}  // namespace softcuda::exec
