#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "harness/softcuda/exec/op_shape.h"
#include "harness/softcuda/exec/program.h"
#include "harness/softcuda/isa/warp.h"

namespace softcuda::exec {

/// Which halves (16 bits) of which lanes' registers hold values that were never written: a word, a bit a
/// lane, for each half of each row, and for each predicate. After memcheck's definedness bits (Seward and
/// Nethercote, USENIX 2005), coarser.
class Taint {
 public:
  Taint(const Program& program, std::uint32_t warps);
  /// Registers that may be read before they are written are bad in all warps; all others are written first.
  void start();
  /// Which registers of a warp may be bad.
  enum class Doubt : std::uint8_t {
    none,
    early,  ///< those that may be read before they are written, and no others
    any,
  };
  /// Whether an op of that shape may meet a bad register of the warp. Nothing has to be followed through any
  /// other.
  [[nodiscard]] bool concerns(const isa::Warp& w, const OpShape& shape) const {
    const Doubt doubt = doubt_[static_cast<std::size_t>(w.index)];
    return doubt != Doubt::none && (doubt == Doubt::any || shape.early);
  }
  [[nodiscard]] const Doubt& doubt(const isa::Warp& w) const {
    return doubt_[static_cast<std::size_t>(w.index)];
  }

  /// Looks whether what was in doubt still is: values set in a loop's first turn are good from then on.
  void look_again(const isa::Warp& w);

  using Halves = std::array<std::uint32_t, 4>;
  [[nodiscard]] std::uint32_t& half(const isa::Warp& w, std::uint32_t row, int half) {
    return words_[static_cast<std::size_t>(w.index) * stride_ + place(row) + static_cast<std::size_t>(half)];
  }
  /// Lanes of `row` any half of which is bad.
  [[nodiscard]] std::uint32_t any(const isa::Warp& w, const isa::Op* op, const OpShape& shape, int row);
  /// Active lanes get `halves`; the others keep theirs.
  void set(const isa::Warp& w, const isa::Op* op, const OpShape& shape, int row, const Halves& halves);
  void set_all(const isa::Warp& w, const isa::Op* op, const OpShape& shape, int row, std::uint32_t lanes);

  [[nodiscard]] std::uint64_t shadow_bytes() const;

  /// Follows an instruction that neither reads nor writes memory, before it is executed.
  void follow(isa::Warp& w, const isa::Op* op, const OpShape& shape);

  [[nodiscard]] static std::uint32_t offset(const isa::Op* op, int row) {
    return row < 8 ? op->rows[row] : reinterpret_cast<const std::uint32_t*>(op + 1)[row - 8];
  }

 private:
  /// Of a row's first word among its warp's.
  [[nodiscard]] std::size_t place(std::uint32_t row) const { return first_[row / kLine] + row % kLine / 4; }
  [[nodiscard]] std::uint32_t of_operands(const isa::Warp& w, const isa::Op* op, const OpShape& shape);
  void shift(isa::Warp& w, const isa::Op* op, const OpShape& shape, bool left);
  void permute(isa::Warp& w, const isa::Op* op, const OpShape& shape);
  void concatenate(const isa::Warp& w, const isa::Op* op, const OpShape& shape);
  void halfwise(isa::Warp& w, const isa::Op* op, const OpShape& shape);

  const Program& program_;
  /// A half of a row is 64 bytes of the register file, and so is a line of 16 predicates.
  static constexpr std::uint32_t kLine = 64;
  std::vector<std::uint32_t> first_;  ///< by line of the file: its first word; and where the last one ends
  std::size_t stride_;
  std::vector<std::uint32_t> words_;
  std::vector<std::uint32_t> early_;  ///< by word: all ones where its row may be read before it is written
  std::vector<Doubt> doubt_;          ///< by warp
};

}  // namespace softcuda::exec
