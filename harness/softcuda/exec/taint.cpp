#include "harness/softcuda/exec/taint.h"

#include <algorithm>
#include <numeric>

namespace softcuda::exec {
namespace {

using u32 = std::uint32_t;

/// The value that all active lanes of a 32-bit row have; nothing when they differ.
bool uniform(isa::Warp& w, u32 row, u32& value) {
  const u32* lanes = w.row<u32>(row);
  value = lanes[__builtin_ctz(w.active)];
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    if (lanes[__builtin_ctz(rest)] != value) return false;
  }
  return true;
}

/// By line of a warp's register file, its first word: a predicate has one each, any other row one a line.
std::vector<u32> lines_of(const Program& program, u32 line_bytes) {
  std::vector<u32> first(program.file_bytes / line_bytes + 1, 1);
  for (const auto& [begin, end] : program.predicates)
    std::fill(first.begin() + begin / line_bytes, first.begin() + end / line_bytes, line_bytes / 4);
  std::exclusive_scan(first.begin(), first.end(), first.begin(), u32{0});
  return first;
}

}  // namespace

Taint::Taint(const Program& program, std::uint32_t warps)
    : program_(program),
      first_(lines_of(program, kLine)),
      stride_(first_.back()),
      words_(stride_ * warps, 0),
      early_(stride_, 0),
      doubt_(warps, Doubt::none) {
  for (const auto& [offset, bits] : program.unwritten_at_entry)
    std::fill_n(early_.begin() + static_cast<std::ptrdiff_t>(place(offset)), std::max(bits / 16, 1), ~u32{0});
}

std::uint64_t Taint::shadow_bytes() const {
  return (first_.capacity() + words_.capacity() + early_.capacity()) * sizeof(u32) +
         doubt_.capacity() * sizeof(Doubt);
}

void Taint::start() {
  const bool early = !program_.unwritten_at_entry.empty();
  for (std::size_t warp = 0; warp < doubt_.size(); ++warp) {
    if (early || doubt_[warp] != Doubt::none)
      std::ranges::copy(early_, words_.begin() + static_cast<std::ptrdiff_t>(warp * stride_));
    doubt_[warp] = early ? Doubt::early : Doubt::none;
  }
}

void Taint::look_again(const isa::Warp& w) {
  const auto warp = static_cast<std::size_t>(w.index);
  if (doubt_[warp] == Doubt::none) return;
  u32 early = 0, others = 0;
  const u32* words = words_.data() + warp * stride_;
  for (std::size_t k = place(program_.registers_begin); k < place(program_.registers_end); ++k) {
    early |= words[k] & early_[k];
    others |= words[k] & ~early_[k];
  }
  doubt_[warp] = (others & w.live) != 0 ? Doubt::any : (early & w.live) != 0 ? Doubt::early : Doubt::none;
}

u32 Taint::any(const isa::Warp& w, const isa::Op* op, const OpShape& shape, int row) {
  u32 lanes = 0;
  for (int h = 0; h < shape.halves(row); ++h) lanes |= half(w, offset(op, row), h);
  return lanes;
}
void Taint::set(const isa::Warp& w, const isa::Op* op, const OpShape& shape, int row, const Halves& halves) {
  for (int h = 0; h < shape.halves(row); ++h) {
    u32& mine = half(w, offset(op, row), h);
    mine = (mine & ~w.active) | (halves[static_cast<std::size_t>(h)] & w.active);
    if (mine == 0) continue;
    Doubt& doubt = doubt_[static_cast<std::size_t>(w.index)];
    doubt = std::max(doubt, early_[place(offset(op, row))] != 0 ? Doubt::early : Doubt::any);
  }
}
void Taint::set_all(const isa::Warp& w, const isa::Op* op, const OpShape& shape, int row, u32 lanes) {
  set(w, op, shape, row, {lanes, lanes, lanes, lanes});
}

u32 Taint::of_operands(const isa::Warp& w, const isa::Op* op, const OpShape& shape) {
  u32 lanes = 0;
  for (int row = 0; row < shape.rows; ++row) {
    if (!shape.writes(row)) lanes |= any(w, op, shape, row);
  }
  return lanes;
}

void Taint::concatenate(const isa::Warp& w, const isa::Op* op, const OpShape& shape) {
  std::array<u32, 8> halves{};
  std::size_t count = 0;
  for (int row = 0; row < shape.rows; ++row) {
    if (shape.writes(row)) continue;
    for (int h = 0; h < shape.halves(row) && count < halves.size(); ++h)
      halves[count++] = half(w, offset(op, row), h);
  }
  std::size_t at = 0;
  for (int row = 0; row < shape.rows; ++row) {
    if (!shape.writes(row)) continue;
    Halves mine{};
    for (int h = 0; h < shape.halves(row); ++h)
      mine[static_cast<std::size_t>(h)] = halves[at++ % halves.size()];
    set(w, op, shape, row, mine);
  }
}

void Taint::halfwise(isa::Warp& w, const isa::Op* op, const OpShape& shape) {
  Halves result{};
  const int halves = shape.halves(0);
  for (int row = 1; row < shape.rows; ++row) {
    for (int h = 0; h < halves; ++h) result[static_cast<std::size_t>(h)] |= half(w, offset(op, row), h);
  }
  const bool decides = shape.rows == 3 && (shape.rule == Rule::mask || shape.rule == Rule::either);
  if (decides && result[0] != 0 && (shape.widths & 3) == 0) {  // a false operand of and, a true one of or
    for (int row = 1; row < 3; ++row) {
      const u32 p = w.predicate(offset(op, row));
      result[0] &= ~((shape.rule == Rule::mask ? ~p : p) & ~half(w, offset(op, row), 0));
    }
  }
  if (shape.rule == Rule::mask && (result[0] | result[1]) != 0 && halves == 2 && shape.rows == 3) {
    for (int row = 1; row < 3; ++row) {
      const u32* values = w.row<u32>(offset(op, row));
      for (int h = 0; h < 2; ++h) {
        u32 zero = 0;
        for (int lane = 0; lane < isa::kLanes; ++lane)
          zero |= static_cast<u32>((values[lane] >> 16 * h & 0xffffu) == 0) << lane;
        result[static_cast<std::size_t>(h)] &= ~(zero & ~half(w, offset(op, row), h));
      }
    }
  }
  set(w, op, shape, 0, result);
}

void Taint::shift(isa::Warp& w, const isa::Op* op, const OpShape& shape, bool left) {
  u32 by = 0;
  const int halves = shape.halves(0);
  if (halves < 2 || any(w, op, shape, 2) != 0 || !uniform(w, offset(op, 2), by) || by % 16 != 0)
    return set_all(w, op, shape, 0, of_operands(w, op, shape));
  Halves result{};
  const int moved = static_cast<int>(std::min<u32>(by / 16, 4));
  for (int h = 0; h < halves; ++h) {
    const int from = left ? h - moved : h + moved;
    if (from >= 0 && from < halves) result[static_cast<std::size_t>(h)] = half(w, offset(op, 1), from);
  }
  set(w, op, shape, 0, result);
}

void Taint::permute(isa::Warp& w, const isa::Op* op, const OpShape& shape) {
  u32 selector = 0;
  if (any(w, op, shape, 3) != 0 || !uniform(w, offset(op, 3), selector))
    return set_all(w, op, shape, 0, of_operands(w, op, shape));
  Halves result{};
  for (int byte = 0; byte < 4; ++byte) {
    const u32 from = selector >> 4 * byte & 7;
    result[static_cast<std::size_t>(byte / 2)] |=
        half(w, offset(op, from < 4 ? 1 : 2), static_cast<int>(from % 4 / 2));
  }
  set(w, op, shape, 0, result);
}

void Taint::follow(isa::Warp& w, const isa::Op* op, const OpShape& shape) {
  switch (shape.rule) {
    case Rule::concatenate: return concatenate(w, op, shape);
    case Rule::halfwise:
    case Rule::mask:
    case Rule::either: return halfwise(w, op, shape);
    case Rule::shift_left: return shift(w, op, shape, true);
    case Rule::shift_right: return shift(w, op, shape, false);
    case Rule::permute: return permute(w, op, shape);
    case Rule::narrow: {
      u32 lanes = 0;
      for (int h = 0; h < shape.halves(0); ++h) lanes |= half(w, offset(op, 1), h);
      return set_all(w, op, shape, 0, lanes);
    }
    case Rule::select: {
      const u32 p = w.predicate(offset(op, 3)), doubt = half(w, offset(op, 3), 0);
      Halves result{};
      for (int h = 0; h < shape.halves(0); ++h) {
        result[static_cast<std::size_t>(h)] =
            (half(w, offset(op, 1), h) & p) | (half(w, offset(op, 2), h) & ~p) | doubt;
      }
      return set(w, op, shape, 0, result);
    }
    case Rule::spread: {
      const u32 lanes = (of_operands(w, op, shape) & w.active) != 0 ? ~u32{0} : 0;
      for (int row = 0; row < shape.rows; ++row) {
        if (shape.writes(row)) set_all(w, op, shape, row, lanes);
      }
      return;
    }
    case Rule::plain: {
      const u32 lanes = of_operands(w, op, shape);
      for (int row = 0; row < shape.rows; ++row) {
        if (shape.writes(row)) set_all(w, op, shape, row, lanes);
      }
      return;
    }
    default: return;
  }
}

}  // namespace softcuda::exec
