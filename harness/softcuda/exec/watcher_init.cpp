/// Unwritten values: through registers by Taint, through memory by bits of bytes; told where they decide
/// about something.
#include <algorithm>
#include <bit>
#include <cstring>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/exec/watcher.h"
#include "harness/softcuda/isa/control.h"

namespace softcuda::exec {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

u32 low_bits(u32 count) { return count >= 32 ? ~u32{0} : (1u << count) - 1; }

}  // namespace

check::Written* Watcher::written_at(u64 address) {
  if (in_shared(address)) return &shared_written_;
  if (in_local(address)) return &local_written_;
  check::Written* global = detectors_.global_written;
  return global != nullptr && global->holds(address, 1) ? global : nullptr;
}

void Watcher::remember(const isa::Warp& w, const isa::Op* op, int lane, u64 address) {
  const bool device = !in_shared(address) && !in_local(address);
  sources_[static_cast<std::size_t>(w.index) * isa::kLanes + static_cast<std::size_t>(lane)] = {
      op->number, device ? address : 0};
}

void Watcher::unwritten(isa::Warp& w, const isa::Op* op, u32 lanes, const char* as) {
  Finding finding;
  finding.kind = check::FaultKind::unwritten_value;
  finding.number = op->number;
  finding.warp = static_cast<u32>(w.index);
  finding.lanes = lanes;
  finding.detail = as;
  const Source& source = sources_[static_cast<std::size_t>(w.index) * isa::kLanes +
                                  static_cast<std::size_t>(std::countr_zero(lanes))];
  finding.other_number = source.number;
  finding.address = source.address;
  found(std::move(finding));
}

/// A row decides about something: tell it once, and take it for good from then on.
void Watcher::used(isa::Warp& w, const isa::Op* op, const OpShape& shape, int row, const char* as) {
  const u32 lanes = taint_->any(w, op, shape, row) & w.active;
  if (lanes == 0) [[likely]]
    return;
  unwritten(w, op, lanes, as);
  for (int h = 0; h < shape.halves(row); ++h) taint_->half(w, Taint::offset(op, row), h) &= ~lanes;
}

void Watcher::init_touch(isa::Warp& w, const isa::Touch& touch) {
  const OpShape& shape = shape_of(touch.op);
  if (touch.use == isa::Use::copy) return;  // counts when it is delivered
  if (touch.use == isa::Use::read) {
    if (shape.rule == Rule::load) load_touch(w, touch, shape);
    if (shape.rule == Rule::gather) gather_touch(w, touch);
    return;
  }
  if (shape.rule == Rule::store) return store_touch(w, touch, shape);
  if (shape.rule == Rule::update) return update_touch(w, touch, shape);
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const u64 address = address_of(touch, std::countr_zero(rest));
    if (check::Written* written = written_at(address)) written->set(address, touch.bytes);
  }
}

/// What is passing would forget it with the next access, and pay for the room each time.
void Watcher::found_written(u64 offset, u64 takings) {
  if (site_ != &passing_) site_->written.add(site_->scatter, offset, takings, shared_bytes_);
}

/// Of an access at a site: asks for each lane's bytes only where none like it has been seen there.
bool Watcher::reads_written(const isa::Touch& touch) {
  const check::Scatter& scatter = site_->scatter;
  const u64 offset = scatter.first() - shared_begin_, takings = shared_written_.clears();
  if (site_->written.has(scatter, offset, takings)) return true;
  const bool good = shared_written_.all_of(touch.access->at, scatter.lanes(), scatter.bytes());
  if (good) found_written(offset, takings);
  return good;
}

bool Watcher::loads_written(const isa::Warp& w, const isa::Touch& touch) {
  if (site_ != nullptr) return reads_written(touch);
  if (touch.shape == isa::Shape::scattered) {
    const check::Written* written = written_at(address_of(touch, std::countr_zero(w.active)));
    return written != nullptr && written->all_of(touch.access->at, w.active, touch.bytes);
  }
  const u64 first = touch.access->at[0];
  const check::Written* written = written_at(first);
  const u64 lanes = touch.shape == isa::Shape::contiguous ? isa::kLanes : 1;
  return written != nullptr && written->all(first, lanes * touch.bytes);
}

void Watcher::load_touch(isa::Warp& w, const isa::Touch& touch, const OpShape& shape) {
  const bool good = loads_written(w, touch);
  if (!good || taint_->concerns(w, shape)) load_lanes(w, touch, shape, good);
}

void Watcher::load_lanes(isa::Warp& w, const isa::Touch& touch, const OpShape& shape, bool good) {
  const int count = std::popcount(shape.written);
  const u32 element = touch.bytes / static_cast<u32>(std::max(count, 1));
  std::array<Taint::Halves, 8> bad{};
  const auto look = [&](int lane, u64 address) {
    check::Written* written = written_at(address);
    if (written == nullptr) return;
    const u32 bits = written->get(address, touch.bytes);
    if (bits == low_bits(touch.bytes)) return;
    remember(w, touch.op, lane, address);
    for (int k = 0; k < count && k < 8; ++k) {
      const u32 mine = bits >> static_cast<u32>(k) * element & low_bits(element);
      const int halves = shape.halves(k);
      for (int h = 0; h < halves; ++h) {
        // Registers wider than what is loaded are as bad as all of it.
        const bool exact = element == static_cast<u32>(2 * halves);
        const u32 of_half = exact ? 3u << 2 * h : low_bits(element);
        if ((mine & of_half) != of_half)
          bad[static_cast<std::size_t>(k)][static_cast<std::size_t>(h)] |= 1u << lane;
      }
    }
  };
  if (!good) {
    for (u32 rest = w.active; rest != 0; rest &= rest - 1)
      look(std::countr_zero(rest), address_of(touch, std::countr_zero(rest)));
  }
  for (int k = 0; k < count && k < 8; ++k)
    taint_->set(w, touch.op, shape, k, bad[static_cast<std::size_t>(k)]);
}

void Watcher::store_touch(isa::Warp& w, const isa::Touch& touch, const OpShape& shape) {
  u32 bad = 0;
  int count = 0;
  const bool doubtful = taint_->concerns(w, shape);
  for (int row = 0; row < shape.rows; ++row) {
    if (row == shape.address) continue;
    ++count;
    if (doubtful) bad |= taint_->any(w, touch.op, shape, row) & w.active;
  }
  const u64 first = touch.shape == isa::Shape::scattered ? address_of(touch, std::countr_zero(w.active))
                                                         : touch.access->at[0];
  const bool keeps = in_shared(first) || in_local(first);  // propagated there; global memory is the end
  if (bad != 0 && !keeps) {
    for (int row = 0; row < shape.rows; ++row) {
      if (row != shape.address) used(w, touch.op, shape, row, "stored to global memory");
    }
    bad = 0;
  }
  if (bad == 0 && touch.shape == isa::Shape::contiguous) {
    if (check::Written* written = written_at(first)) written->set(first, u64{touch.bytes} * isa::kLanes);
    return;
  }
  if (bad == 0 && site_ != nullptr) {
    const check::Scatter& scatter = site_->scatter;
    const u64 offset = scatter.first() - shared_begin_, takings = shared_written_.clears();
    if (site_->written.has(scatter, offset, takings)) return;
    shared_written_.set_each(touch.access->at, scatter.lanes(), scatter.bytes());
    return found_written(offset, takings);
  }
  // All lanes' in one space; of generic addresses lanes may differ.
  if (bad == 0 && touch.kind == isa::AddressKind::global64 && touch.shape == isa::Shape::scattered) {
    if (check::Written* written = written_at(first))
      written->set_each(touch.access->at, w.active, touch.bytes);
    return;
  }
  const u32 element = touch.bytes / static_cast<u32>(std::max(count, 1));
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const u64 address = address_of(touch, lane);
    check::Written* written = written_at(address);
    if (written == nullptr) continue;
    if ((bad >> lane & 1u) == 0) {
      written->set(address, touch.bytes);
      continue;
    }
    u32 bits = low_bits(touch.bytes), at = 0;
    for (int row = 0; row < shape.rows; ++row) {
      if (row == shape.address) continue;
      for (u32 h = 0; 2 * h < element; ++h) {
        if ((taint_->half(w, Taint::offset(touch.op, row), static_cast<int>(h)) >> lane & 1u) != 0)
          bits &= ~(low_bits(std::min(2u, element)) << (at + 2 * h));
      }
      at += element;
    }
    written->put(address, touch.bytes, bits);
  }
}

/// An atomic stores what it makes of memory and operands: both have to be good.
void Watcher::update_touch(isa::Warp& w, const isa::Touch& touch, const OpShape& shape) {
  u32 bad = 0;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const u64 address = address_of(touch, lane);
    check::Written* written = written_at(address);
    if (written == nullptr || written->all(address, touch.bytes)) continue;
    remember(w, touch.op, lane, address);
    bad |= 1u << lane;
    written->set(address, touch.bytes);
  }
  if (bad != 0) unwritten(w, touch.op, bad, "memory that an atomic changes");
  if (!taint_->concerns(w, shape)) return;
  for (int row = 0; row < shape.rows; ++row) {
    if (shape.writes(row))
      taint_->set_all(w, touch.op, shape, row, 0);
    else if (row != shape.address)
      used(w, touch.op, shape, row, "operand of an atomic");
  }
}

void Watcher::gather_touch(isa::Warp& w, const isa::Touch& touch) {
  if (site_ != nullptr && touch.bytes <= 16) {
    if (reads_written(touch)) return;
  } else if (touch.shape == isa::Shape::scattered && touch.bytes == 16) {
    check::Written* all = written_at(touch.access->at[std::countr_zero(w.active)]);
    if (all != nullptr && all->all_of(touch.access->at, w.active, touch.bytes)) return;
  }
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const u64 address = address_of(touch, lane);
    check::Written* written = written_at(address);
    if (written == nullptr || touch.bytes > 32) continue;
    const u32 bits = written->get(address, touch.bytes);
    if (bits == low_bits(touch.bytes)) continue;
    remember(w, touch.op, lane, address);
    gathered_any_ = true;
    for (u32 h = 0; 2 * h < touch.bytes; ++h)
      gathered_bad_[static_cast<std::size_t>(lane)] |= static_cast<u32>((bits >> 2 * h & 3) != 3) << h;
  }
}

/// ldmatrix: register j of lane l holds elements 2 (l % 4) and the next one of row l / 4 of matrix j, whose
/// address lane 8 j + row gave; transposed, of column l / 4. wmma.load: any bad row makes all bad.
void Watcher::gathered(isa::Warp& w, const isa::Op* op, const OpShape& shape) {
  const bool any = gathered_any_;
  if (!any && !taint_->concerns(w, shape)) return;
  const bool is_ldmatrix = shape.halves(0) == 2 && std::popcount(shape.written) <= 4 && shape.rows <= 6;
  for (int row = 0; row < shape.rows; ++row) {
    if (!shape.writes(row)) continue;
    Taint::Halves halves{};
    if (any && !is_ldmatrix) halves.fill(~u32{0});
    for (int lane = 0; any && is_ldmatrix && lane < isa::kLanes; ++lane) {
      for (int h = 0; h < 2; ++h) {
        const int across = 2 * (lane % 4) + h, along = lane / 4;
        const int matrix_row = shape.transposed ? across : along, column = shape.transposed ? along : across;
        const u32 bad =
            gathered_bad_[static_cast<std::size_t>(8 * row + matrix_row) % isa::kLanes] >> column & 1u;
        halves[static_cast<std::size_t>(h)] |= bad << lane;
      }
    }
    taint_->set(w, op, shape, row, halves);
  }
  gathered_bad_.fill(0);
  gathered_any_ = false;
}

/// shfl, run once more on flags instead of values: what comes from a bad lane is bad.
const isa::Op* Watcher::shuffled(isa::Warp& w, const isa::Op* op, const OpShape& shape, bool full) {
  constexpr u32 kRow = sizeof(u32) * isa::kLanes;
  const u32 result = launch_.program.spare, flags = result + kRow, b = flags + kRow, c = b + kRow,
            p = c + kRow;
  std::memcpy(w.row<u32>(b), w.row<u32>(op->rows[3]), kRow);
  std::memcpy(w.row<u32>(c), w.row<u32>(op->rows[4]), kRow);
  const u32 bad = taint_->any(w, op, shape, 2);
  const u32 doubt = taint_->any(w, op, shape, 3) | taint_->any(w, op, shape, 4);
  const isa::Op* next = (full ? op->full : op->masked)(w, op);
  if (next == nullptr) return next;
  u32 lanes = doubt;
  if (bad != 0) {
    for (int lane = 0; lane < isa::kLanes; ++lane) w.row<u32>(flags)[lane] = bad >> lane & 1u;
    isa::Op again = *op;
    again.rows[0] = result;
    again.rows[1] = p;
    again.rows[2] = flags;
    again.rows[3] = b;
    again.rows[4] = c;
    isa::Watch *const watch = w.watch, *const sync = w.sync;
    w.watch = w.sync = nullptr;
    (void)again.masked(w, &again);
    w.watch = watch;
    w.sync = sync;
    for (int lane = 0; lane < isa::kLanes; ++lane) lanes |= (w.row<u32>(result)[lane] & 1u) << lane;
  }
  taint_->set_all(w, op, shape, 0, lanes);
  taint_->set_all(w, op, shape, 1, doubt);
  return next;
}

const isa::Op* Watcher::one(isa::Warp& w, const isa::Op* op, bool full) {
  const OpShape& shape = shape_of(op);
  if (shape.address >= 0) used(w, op, shape, shape.address, "address");
  if (shape.second_address >= 0) used(w, op, shape, shape.second_address, "address");
  const isa::Handler handler = full ? op->full : op->masked;
  switch (shape.rule) {
    case Rule::nothing:
    case Rule::load:
    case Rule::store:
    case Rule::update: return handler(w, op);
    case Rule::branch: used(w, op, shape, 0, "branch"); return handler(w, op);
    case Rule::shuffle: return shuffled(w, op, shape, full);
    case Rule::spread: {
      const isa::Op* next = handler(w, op);
      if (next != nullptr) taint_->follow(w, op, shape);
      return next;
    }
    case Rule::gather: {
      const isa::Op* next = handler(w, op);
      if (next != nullptr) gathered(w, op, shape);
      return next;
    }
    case Rule::matrix: {
      for (int row = 0; row < shape.rows; ++row) {
        if (!shape.writes(row)) used(w, op, shape, row, "matrix operand");
      }
      const isa::Op* next = handler(w, op);
      for (int row = 0; next != nullptr && row < shape.rows; ++row) {
        if (shape.writes(row)) taint_->set_all(w, op, shape, row, 0);
      }
      return next;
    }
    default: taint_->follow(w, op, shape); return handler(w, op);
  }
}

/// Until there may be a bad register, or a gather has met one.
template <bool kFull>
const isa::Op* Watcher::run_undoubted(isa::Warp& w, const isa::Op* op) {
  const Taint::Doubt& doubt = taint_->doubt(w);
  while (op != nullptr && doubt == Taint::Doubt::none) {
    const isa::Op* next = (kFull ? op->full : op->masked)(w, op);
    if (gathered_any_) [[unlikely]]
      gathered(w, op, shape_of(op));
    op = next;
  }
  return op;
}

/// While ops meet no register in doubt only memory has to be watched, which touched() does.
const isa::Op* Watcher::run_good(isa::Warp& w, const isa::Op* op, bool full) {
  while (true) {
    op = full ? run_undoubted<true>(w, op) : run_undoubted<false>(w, op);
    if (op == nullptr || taint_->concerns(w, shape_of(op))) return op;
    const isa::Op* next = (full ? op->full : op->masked)(w, op);
    if (gathered_any_) [[unlikely]]
      gathered(w, op, shape_of(op));
    op = next;
  }
}

void Watcher::run(isa::Warp& w, const isa::Op* op, bool full) {
  if (!init_on_) {
    while (op != nullptr) op = (full ? op->full : op->masked)(w, op);
    return;
  }
  constexpr int kPatience = 128;  // instructions before it is worth another look
  for (int since = kPatience;; ++since) {
    if (since >= kPatience) {
      since = 0;
      taint_->look_again(w);
    }
    op = run_good(w, op, full);
    if (op == nullptr) return;
    const OpShape& shape = shape_of(op);
    if (shape.rule != Rule::guard_if && shape.rule != Rule::guard_unless) {
      op = one(w, op, full);
      continue;
    }
    used(w, op, shape, 0, "guard");
    const u32 p = w.predicate(op->rows[0]), active = w.active;
    const u32 chosen = (shape.rule == Rule::guard_if ? p : ~p) & active;
    if (chosen == 0) {
      op += op->imm;
      continue;
    }
    w.active = chosen;
    op = one(w, op + 1, false);
    w.active = active;
  }
}

}  // namespace softcuda::exec
