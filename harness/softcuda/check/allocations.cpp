#include "harness/softcuda/check/allocations.h"

#include <mutex>
#include <utility>

namespace softcuda::check {
namespace {

using Map = std::map<std::uint64_t, Allocation>;

const Allocation* holder(const Map& map, std::uint64_t address) {
  auto after = map.upper_bound(address);
  if (after == map.begin()) return nullptr;
  const Allocation& before = std::prev(after)->second;
  return address < before.end() ? &before : nullptr;
}

}  // namespace

std::uint64_t Allocations::add(std::uint64_t base, std::uint64_t bytes, std::string what) {
  const std::unique_lock lock(mutex_);
  const std::uint64_t number = next_number_++;
  if (what.empty()) what = "allocation " + std::to_string(number);
  live_[base] = {base, bytes, number, std::move(what)};
  return number;
}

void Allocations::make_constant(std::uint64_t base) {
  const std::unique_lock lock(mutex_);
  if (const auto found = live_.find(base); found != live_.end()) found->second.constant = true;
}

std::optional<Allocation> Allocations::retire(std::uint64_t base) {
  const std::unique_lock lock(mutex_);
  const auto found = live_.find(base);
  if (found == live_.end()) return std::nullopt;
  Allocation gone = std::move(found->second);
  live_.erase(found);
  freed_[base] = gone;
  return gone;
}

void Allocations::forget_freed(std::uint64_t base, std::uint64_t bytes) {
  const std::unique_lock lock(mutex_);
  freed_.erase(freed_.lower_bound(base), freed_.lower_bound(base + bytes));
}

std::optional<Allocation> Allocations::live_at(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  const Allocation* found = holder(live_, address);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}
Interval Allocations::interval_at(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  const Allocation* found = holder(live_, address);
  return found != nullptr ? Interval{found->base, found->end(), found->constant} : Interval{};
}
std::optional<Allocation> Allocations::freed_at(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  const Allocation* found = holder(freed_, address);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

std::optional<Allocation> Allocations::nearest(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  const auto after = live_.upper_bound(address);
  const Allocation* above = after != live_.end() ? &after->second : nullptr;
  const Allocation* below = after != live_.begin() ? &std::prev(after)->second : nullptr;
  if (below == nullptr && above == nullptr) return std::nullopt;
  if (below == nullptr) return *above;
  if (above == nullptr || address < below->end()) return *below;
  return address - below->end() < above->base - address ? *below : *above;
}

std::uint64_t Allocations::last_number() const {
  const std::shared_lock lock(mutex_);
  return next_number_ - 1;
}

std::vector<Allocation> Allocations::live() const {
  const std::shared_lock lock(mutex_);
  std::vector<Allocation> all;
  all.reserve(live_.size());
  for (const auto& [base, allocation] : live_) all.push_back(allocation);
  return all;
}

}  // namespace softcuda::check
