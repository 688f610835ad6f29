#include "harness/softcuda/exec/watcher.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/control.h"
#include "harness/softcuda/isa/copies.h"

namespace softcuda::exec {
namespace {

using check::FaultKind;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Accesses and synchronisation: races. Unwritten values: watcher_init.cpp. Padding: watcher_extents.cpp.

check::Mode mode_of(const isa::Touch& touch, bool strong) {
  using check::Mode;
  switch (touch.use) {
    case isa::Use::read: return strong ? Mode::strong_read : Mode::read;
    case isa::Use::write: return strong ? Mode::strong_write : Mode::write;
    case isa::Use::copy: return Mode::copy;
    default: return Mode::update;
  }
}

/// What a store writes, from its operand rows.
class StoreValues final : public check::Values {
 public:
  StoreValues(isa::Warp& w, const isa::Touch& touch, const OpShape& shape)
      : w_(w), touch_(touch), shape_(shape) {}
  [[nodiscard]] bool same(u32 lane, u32 other) const override {
    if (shape_.rule != Rule::store) return false;
    int values = 0;
    for (int row = 0; row < shape_.rows; ++row) values += static_cast<int>(row != shape_.address);
    if (values == 0) return false;
    const std::size_t bytes = touch_.bytes / static_cast<u32>(values);
    std::size_t at = 0;
    for (int row = 0; row < shape_.rows; ++row) {
      if (row == shape_.address) continue;
      const std::byte* there =
          other < isa::kLanes
              ? value(row, other)
              : check::at_host<const std::byte>(address_of(touch_, static_cast<int>(lane))) + at;
      if (std::memcmp(value(row, lane), there, bytes) != 0) return false;
      at += bytes;
    }
    return true;
  }

 private:
  [[nodiscard]] const std::byte* value(int row, u32 lane) const {
    return reinterpret_cast<const std::byte*>(&w_) + Taint::offset(touch_.op, row) +
           lane * static_cast<u32>(2 * shape_.halves(row));
  }
  isa::Warp& w_;
  const isa::Touch& touch_;
  const OpShape& shape_;
};

}  // namespace

void Detectors::tell_global_races() {
  for (const check::Race& race : global_found.found()) {
    Finding finding;
    finding.kind = FaultKind::global_race;
    finding.number = race.now.number;
    finding.other_number = race.before.number;
    finding.block = race.now.unit;
    finding.race = race;
    finding.count = race.count;
    findings.add(std::move(finding));
  }
}

Watcher::Watcher(const Launch& launch, Detectors& detectors, const std::byte* shared, const std::byte* local)
    : launch_(launch),
      detectors_(detectors),
      races_on_(detectors.checks.race),
      init_on_(detectors.checks.init),
      elements_(detectors.elements.get()),
      shared_begin_(check::address_of(shared)),
      shared_bytes_(launch.shared_bytes()),
      local_begin_(check::address_of(local)),
      local_bytes_(u64{launch.program.local_bytes} * launch.warps() * isa::kLanes) {
  if (elements_ != nullptr) met_.resize(launch.program.origins.size());
  if (sees_accesses()) site_numbers_.resize(launch.program.origins.size());
  if (!init_on_) return;
  taint_.emplace(launch.program, launch.warps());
  shared_written_ = check::Written(shared_begin_, shared_bytes_);
  local_written_ = check::Written(local_begin_, local_bytes_);
  sources_.resize(std::size_t{launch.warps()} * isa::kLanes);
}

void Watcher::start(u64 block) {
  block_ = block;
  if (races_on_) {
    clocks_.start(launch_.warps());
    shared_found_.clear();
    shared_races_.start(static_cast<u32>(shared_bytes_), clocks_, shared_found_);
    detectors_.global_races->start_block(static_cast<u32>(block));
  }
  if (init_on_) {
    taint_->start();
    shared_written_.clear(shared_begin_, shared_bytes_);
    if (const u32 reserved = launch_.program.reserved_shared_bytes; reserved != 0)
      shared_written_.set(shared_begin_, reserved);
    local_written_.clear(local_begin_, local_bytes_);
    sources_.assign(sources_.size(), Source{});
  }
}

void Watcher::found(Finding finding) {
  finding.block = block_;
  detectors_.findings.add(std::move(finding));
}

/// The block is over: what its shared memory's races were.
void Watcher::finish() {
  for (const check::Race& race : shared_found_.found()) {
    Finding finding;
    finding.kind = race.before.copy || race.now.copy ? FaultKind::copy_race : FaultKind::shared_race;
    // A copy that is issued over what others still use is a race like any other write.
    if (!race.before.copy) finding.kind = FaultKind::shared_race;
    finding.number = race.now.number;
    finding.other_number = race.before.number;
    finding.race = race;
    finding.count = race.count;
    found(std::move(finding));
  }
  shared_found_.clear();
}

const OpShape& Watcher::shape_of(const isa::Op* op) const {
  static const OpShape kNone;  // of an op that stands for one of two addresses
  const isa::Op* first = launch_.program.ops.data();
  return op >= first && op < first + launch_.program.ops.size()
             ? launch_.program.shapes[static_cast<std::size_t>(op - first)]
             : kNone;
}

/// The instruction's own, once it has been executed often and while there is room; else passing_.
Watcher::Site& Watcher::known_site(u32 number) {
  constexpr u64 kMost = std::numeric_limits<std::uint16_t>::max() - kTimes;
  std::uint16_t& known = site_numbers_[number];
  if (known >= kTimes) return *sites_[known - kTimes];
  const u64 more = sizeof(Site) + check::FoundWritten::most_bytes(shared_bytes_);
  if (known + 1 < kTimes || sites_.size() == kMost || site_bytes_ + more > shared_bytes_ / 2) {
    known = static_cast<std::uint16_t>(std::min(known + 1, kTimes - 1));
    return passing_;
  }
  known = static_cast<std::uint16_t>(kTimes + sites_.size());
  site_bytes_ += more;
  return *sites_.emplace_back(std::make_unique<Site>(Site{check::Scatter(u64{number} + 1), {}}));
}

/// nullptr: not in shared memory, or not by all lanes, or not by addresses of their own.
Watcher::Site* Watcher::site_of(const isa::Warp& w, const isa::Touch& touch) {
  if (touch.shape != isa::Shape::scattered || touch.kind == isa::AddressKind::global64 ||
      !in_shared(touch.access->at[std::countr_zero(w.active)]))
    return nullptr;
  Site& site = known_site(touch.op->number);
  check::Scatter& scatter = site.scatter;
  scatter.meet(touch.access->at, w.active, touch.bytes);
  return in_shared(scatter.least()) && in_shared(scatter.most()) ? &site : nullptr;
}

void Watcher::touched(isa::Warp& w, const isa::Touch& touch) {
  site_ = site_of(w, touch);
  if (elements_ != nullptr && site_ == nullptr) extent_touch(w, touch);
  if (init_on_) init_touch(w, touch);
  if (!races_on_) return;
  if (touch.use == isa::Use::read && site_ != nullptr && isa::order_of(touch.op) == isa::Order::weak) {
    const check::SharedRaces::Access access{static_cast<u32>(w.index), touch.op->number};
    return shared_races_.access_each(access, site_->scatter, touch.access->at, shared_begin_);
  }
  race_touch(w, touch);
}

void Watcher::race_touch(isa::Warp& w, const isa::Touch& touch) {
  const OpShape& shape = shape_of(touch.op);
  // An op so wide that its address's kind had to give way (isa::wide_address) is weak: wmma.
  const bool wide = shape.address >= 0 && shape.rows > 7;
  const check::Mode mode = mode_of(touch, !wide && isa::order_of(touch.op) != isa::Order::weak);
  const StoreValues values(w, touch, shape);
  const check::Values* ask = touch.use == isa::Use::write ? &values : nullptr;
  const check::SharedRaces::Access shared{static_cast<u32>(w.index), touch.op->number, mode, ask};
  const bool weak = mode == check::Mode::read || mode == check::Mode::write || mode == check::Mode::copy;
  if (weak && site_ != nullptr)
    return shared_races_.access_each(shared, site_->scatter, touch.access->at, shared_begin_);
  if (weak && (touch.shape == isa::Shape::contiguous ||
               (touch.shape == isa::Shape::uniform && mode == check::Mode::read)))
    return whole_touch(w, touch, shared);
  lanes_touch(w, touch, shared, weak);
}

/// A weak access to one place, or to all of a run.
void Watcher::whole_touch(const isa::Warp& w, const isa::Touch& touch,
                          const check::SharedRaces::Access& access) {
  const u64 first = touch.access->at[0];
  const bool run = touch.shape == isa::Shape::contiguous;
  const u32 lane =
      std::popcount(w.active) == 1 ? static_cast<u32>(std::countr_zero(w.active)) : check::kSeveral;
  if (in_shared(first)) {
    const auto offset = static_cast<u32>(first - shared_begin_);
    if (run) return shared_races_.access_all(access, offset, touch.bytes);
    return shared_races_.access(access, lane, offset, touch.bytes);
  }
  if (in_local(first) || !detectors_.global_races->holds(first)) return;
  detectors_.global_races->access(
      {static_cast<u32>(block_), access.number, access.mode, access.values, run ? touch.bytes : 0}, lane,
      first, run ? touch.bytes * isa::kLanes : touch.bytes);
}

/// Lane by lane.
void Watcher::lanes_touch(isa::Warp& w, const isa::Touch& touch, const check::SharedRaces::Access& shared,
                          bool weak) {
  const check::GlobalRaces::Access global{static_cast<u32>(block_), shared.number, shared.mode, shared.values,
                                          0};
  for (u32 rest = w.active; rest != 0;) {
    const int lane = std::countr_zero(rest);
    const u64 address = address_of(touch, lane);
    rest &= rest - 1;
    const bool here = in_shared(address);
    if (here) {
      shared_races_.access(shared, static_cast<u32>(lane), static_cast<u32>(address - shared_begin_),
                           touch.bytes);
    } else if (!in_local(address) && detectors_.global_races->holds(address)) {
      // Neighbouring lanes that read one after the other are one read.
      u32 bytes = touch.bytes;
      while (shared.mode == check::Mode::read && rest != 0 &&
             address_of(touch, std::countr_zero(rest)) == address + bytes) {
        bytes += touch.bytes;
        rest &= rest - 1;
      }
      detectors_.global_races->access(global, bytes == touch.bytes ? static_cast<u32>(lane) : check::kSeveral,
                                      address, bytes);
    }
    if (!weak) strong_touch(w, touch, address, here);
  }
}

void Watcher::strong_touch(isa::Warp& w, const isa::Touch& touch, u64 address, bool shared) {
  const auto warp = static_cast<u32>(w.index);
  const auto block = static_cast<u32>(block_);
  const isa::Order order = isa::order_of(touch.op);
  const bool acquires = order == isa::Order::acquire || order == isa::Order::acq_rel;
  const bool releases = order == isa::Order::release || order == isa::Order::acq_rel;
  check::GlobalRaces* global = shared ? nullptr : detectors_.global_races;
  if (touch.use != isa::Use::write) {
    clocks_.strong_read(warp, address, acquires);
    if (global != nullptr) global->strong_read(block, address, acquires);
  }
  if (touch.use != isa::Use::read) {
    clocks_.strong_write(warp, address, releases);
    if (global != nullptr) global->strong_write(block, address, releases);
  }
}

void Watcher::fenced(isa::Warp& w, isa::Order order) {
  if (!races_on_) return;
  const bool release = order != isa::Order::acquire, acquire = order != isa::Order::release;
  clocks_.fence(static_cast<u32>(w.index), release, acquire);
  detectors_.global_races->fence(static_cast<u32>(block_), release, acquire);
}

void Watcher::met(isa::Warp& w, const isa::Op* op, u32 mask_row) {
  const u32* masks = w.row<u32>(mask_row);
  u32 all = ~u32{0}, some = 0;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    all &= masks[std::countr_zero(rest)];
    some |= masks[std::countr_zero(rest)];
  }
  if ((some & ~w.live) != 0) {
    synchronisation(FaultKind::absent_member, w, op->number, some & ~w.live,
                    "they have exited or were never launched");
  }
  if (!races_on_) return;
  if (w.active == w.live && (w.live & ~all) == 0)
    return clocks_.lanes_met(static_cast<u32>(w.index), w.active, true);
  for (u32 rest = w.active; rest != 0;) {
    const u32 group = masks[std::countr_zero(rest)] & w.active;
    if (group == 0) break;
    clocks_.lanes_met(static_cast<u32>(w.index), group, group == w.live);
    rest &= ~group;
  }
}

void Watcher::converged(isa::Warp& w) {
  if (races_on_) clocks_.lanes_met(static_cast<u32>(w.index), w.active, true);
}

void Watcher::delivered(isa::Warp& w, const isa::AsyncCopy& copy, u32 lanes) {
  const auto warp = static_cast<u32>(w.index);
  if (races_on_) {
    for (u32 rest = lanes; rest != 0; rest &= rest - 1) {
      const auto lane = static_cast<u32>(std::countr_zero(rest));
      if (copy.arrival)
        clocks_.arrive(warp, copy.to[lane]);
      else
        shared_races_.landed(warp, lane, copy.op.number, static_cast<u32>(copy.to[lane] - shared_begin_),
                             copy.bytes);
    }
  }
  if (!init_on_ || copy.arrival) return;
  const bool whole = std::ranges::all_of(copy.from_bytes, [&](u32 bytes) { return bytes == copy.bytes; });
  check::Written* one = written_at(copy.from[static_cast<std::size_t>(std::countr_zero(lanes))]);
  const bool good = whole && one != nullptr && one->all_of(copy.from.data(), lanes, copy.bytes);
  if (good) return shared_written_.set_each(copy.to.data(), lanes, copy.bytes);
  for (u32 rest = lanes; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(rest));
    check::Written* source = copy.from_bytes[lane] == 0 ? nullptr : written_at(copy.from[lane]);
    if (source == nullptr) {  // what is filled with zeros is written
      shared_written_.set(copy.to[lane], copy.bytes);
      continue;
    }
    const u32 read = copy.from_bytes[lane] >= 32 ? ~u32{0} : (1u << copy.from_bytes[lane]) - 1;
    shared_written_.put(copy.to[lane], copy.bytes,
                        source->get(copy.from[lane], copy.from_bytes[lane]) | ~read);
  }
}

void Watcher::uncommitted(isa::Warp& w, const isa::Op* op, u32 lanes) {
  if (!detectors_.checks.sync) return;
  synchronisation(FaultKind::uncommitted_copy, w, op->number, lanes, "");
}

void Watcher::arrived(isa::Warp& w, u64 barrier) {
  if (races_on_) clocks_.arrive(static_cast<u32>(w.index), barrier);
}
void Watcher::waited(isa::Warp& w, u64 barrier) {
  if (races_on_) clocks_.wait(static_cast<u32>(w.index), barrier);
}

void Watcher::synchronisation(FaultKind kind, const isa::Warp& w, u32 number, u32 lanes, std::string what) {
  if (!detectors_.checks.sync) return;
  Finding finding;
  finding.kind = kind;
  finding.number = number;
  finding.warp = static_cast<u32>(w.index);
  finding.lanes = lanes;
  finding.detail = std::move(what);
  found(std::move(finding));
}

void Watcher::barrier(u32 number, const std::vector<Arrived>& arrived, const std::vector<u32>& exited) {
  if (!races_on_) return;
  std::vector<u32> warps = exited;
  for (const Arrived& one : arrived) {
    clocks_.lanes_met(one.warp, one.lanes, one.lanes == one.live);
    if (std::ranges::find(warps, one.warp) == warps.end()) warps.push_back(one.warp);
  }
  clocks_.barrier(warps);
  for (const Arrived& one : arrived) clocks_.wait(one.warp, barrier_place(number));
}

}  // namespace softcuda::exec
