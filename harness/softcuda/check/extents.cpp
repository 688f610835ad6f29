#include "harness/softcuda/check/extents.h"

#include <algorithm>

#include <fmt/core.h>

namespace softcuda::check {
namespace {

using u64 = std::uint64_t;

void set(Elements& elements, u64 address, u64 count) {
  u64 at = address - elements.bytes.begin;
  for (const u64 end = at + count; at < end;) {
    const u64 in_word = at % 64, here = std::min(end - at, 64 - in_word);
    elements.bits[at / 64] |= (here == 64 ? ~u64{0} : (u64{1} << here) - 1) << in_word;
    at += here;
  }
}
void set_all(Elements& elements, const Runs& runs, std::size_t depth, u64 base) {
  if (depth == runs.outer.size()) return set(elements, base, runs.bytes);
  const Box::Axis& axis = runs.outer[depth];
  for (u64 k = 0; k < axis.extent; ++k)
    set_all(elements, runs, depth + 1, base + k * static_cast<u64>(axis.stride));
}

std::shared_ptr<const Elements> elements_of(Interval bytes, const std::vector<Box>& boxes) {
  auto made = std::make_shared<Elements>();
  made->bytes = bytes;
  made->bits.resize((bytes.end - bytes.begin + 63) / 64);
  for (const Box& box : boxes) {
    if (box.empty()) continue;
    const Runs runs = runs_of(box);
    set_all(*made, runs, 0, runs.base);
  }
  return made;
}

}  // namespace

const Elements* ElementMap::at(u64 address) const {
  const auto after =
      std::ranges::upper_bound(all_, address, {}, [](const auto& one) { return one->bytes.begin; });
  if (after == all_.begin()) return nullptr;
  const Elements* found = std::prev(after)->get();
  return found->holds(address) ? found : nullptr;
}

u64 ElementMap::shadow_bytes() const {
  u64 bytes = 0;
  for (const auto& one : all_) bytes += one->bits.capacity() * sizeof one->bits[0];
  return bytes;
}

std::string Extents::add(Interval allocation, Box box) {
  if (std::string why = why_not(box, allocation); !why.empty()) return why;
  const std::lock_guard lock(mutex_);
  Described& described = described_[allocation.begin];
  described.bytes = allocation;
  described.boxes.push_back(std::move(box));
  described.elements.reset();
  return {};
}

void Extents::forget(u64 allocation_base) {
  const std::lock_guard lock(mutex_);
  described_.erase(allocation_base);
}

std::shared_ptr<const ElementMap> Extents::map() {
  const std::lock_guard lock(mutex_);
  if (described_.empty()) return nullptr;
  std::vector<std::shared_ptr<const Elements>> all;
  for (auto& [base, one] : described_) {
    if (one.elements == nullptr) one.elements = elements_of(one.bytes, one.boxes);
    all.push_back(one.elements);
  }
  return std::make_shared<const ElementMap>(std::move(all));
}

std::string Extents::words(u64 allocation_base, u64 address) const {
  const std::lock_guard lock(mutex_);
  const auto found = described_.find(allocation_base);
  if (found == described_.end()) return {};
  const Box* nearest = nullptr;
  Position there;
  for (const Box& box : found->second.boxes) {
    if (box.empty()) continue;
    Position position = position_in(box, address);
    if (nearest != nullptr && position.distance >= there.distance) continue;
    nearest = &box;
    there = std::move(position);
    if (there.distance == 0) break;
  }
  if (nearest == nullptr) return fmt::format("{} has no elements", found->second.boxes.front().tensor);
  return words_of(*nearest, there);
}

}  // namespace softcuda::check
