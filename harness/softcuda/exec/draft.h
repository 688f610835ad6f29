#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/softcuda/exec/flatten.h"
#include "harness/softcuda/exec/placement.h"
#include "harness/softcuda/exec/rows.h"
#include "harness/softcuda/isa/warp.h"

namespace softcuda::exec {

struct RowUse {
  int row = 0;
  bool written = false;
};

/// An Op whose rows are still numbers.
struct Draft {
  isa::Op op;
  std::vector<RowUse> rows;
  std::vector<int> holds;  ///< rows that must keep their values until here, though the op does not read them
  int item = -1;           ///< it came from; -1: put in by the decoder
  int target = -1;         ///< block
  bool conditional = false;  ///< writes only some lanes: under a guard
  bool keep_last = false;    ///< Op::rows[7] holds no row
  OpShape shape;             ///< but for what follows from the rows
};

/// Turns items into drafts: operands into rows, handlers picked.
class Drafter {
 public:
  Drafter(Flat& flat, const Placement& placement, Rows& rows)
      : flat_(flat), placement_(placement), rows_(rows) {}

  /// Appends the item's ops: what its operands need first, the guard, the instruction. Errors go to
  /// Flat::errors.
  void draft(int item, std::vector<Draft>& out);
  /// Instructions that stand before the next item in its block: what a clock shows.
  void set_position(std::uint32_t position) { position_ = position; }
  /// The register or constant of a branch's guard, and of an indexed branch's index.
  int guard_row(const Item&);
  int operand_row(const Item&, const ptx::Operand&, ptx::Type type, int bits, bool written,
                  std::vector<Draft>& out);

  [[nodiscard]] std::uint32_t sites() const { return sites_; }

 private:
  struct Address {
    int row;
    int bits;
    std::int64_t offset;
    ptx::Space space;
  };
  int register_row(const Item&, const ptx::Operand&);
  /// A .b128 register is two rows of 64 bits.
  int half_row(const Item&, const ptx::Operand&, bool high, bool written);
  int register_bits(const Item&, const ptx::Operand&) const;
  Address address(const Item&, const ptx::Operand&);
  void error(const Item&, const std::string&);
  void system_call(int at, std::vector<Draft>& out);

  Flat& flat_;
  const Placement& placement_;
  Rows& rows_;
  std::uint32_t sites_ = 0, position_ = 0;
};

}  // namespace softcuda::exec
