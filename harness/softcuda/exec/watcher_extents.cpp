/// Accesses to bytes that are no element of the tensors described there: padding, gaps, guard bands. They
/// pass memcheck, since they lie in an allocation, and change nothing where the kernel masks what it has
/// read.
#include <bit>

#include "harness/softcuda/exec/watcher.h"

namespace softcuda::exec {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

const check::Elements* Watcher::elements_at(u32 number, u64 address) {
  if (in_shared(address) || in_local(address)) return nullptr;
  const check::Elements*& met = met_[number];
  if (met != nullptr && met->holds(address)) return met;
  const check::Elements* found = elements_->at(address);
  if (found != nullptr) met = found;
  return found;
}

void Watcher::extent_touch(isa::Warp& w, const isa::Touch& touch) {
  const u64 first = touch.access->at[0];
  const u32 number = touch.op->number;
  if (touch.kind != isa::AddressKind::global64 && touch.kind != isa::AddressKind::generic64) return;
  if (touch.shape != isa::Shape::scattered) {  // one allocation holds it all: memcheck has looked at that
    const check::Elements* elements = elements_at(number, first);
    const u64 lanes = touch.shape == isa::Shape::contiguous ? isa::kLanes : 1;
    if (elements == nullptr || elements->all(first, lanes * touch.bytes)) return;
  }
  u32 outside = 0;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const u64 address = address_of(touch, lane);
    const check::Elements* elements = elements_at(number, address);
    if (elements != nullptr && !elements->all(address, touch.bytes)) outside |= 1u << lane;
  }
  if (outside == 0) return;
  Finding finding;
  finding.kind =
      touch.use == isa::Use::read ? check::FaultKind::padding_read : check::FaultKind::padding_written;
  finding.number = number;
  finding.warp = static_cast<u32>(w.index);
  finding.lanes = outside;
  finding.bytes = touch.bytes;
  u64 address = address_of(touch, std::countr_zero(outside));
  const check::Elements* elements = elements_at(number, address);
  for (; finding.bytes > 1 && elements->all(address, 1); --finding.bytes) ++address;
  finding.address = address;
  found(std::move(finding));
}

}  // namespace softcuda::exec
