#include "harness/softcuda/check/box.h"

#include <algorithm>
#include <numeric>

#include <fmt/core.h>

namespace softcuda::check {
namespace {

using i64 = std::int64_t;
using u64 = std::uint64_t;

u64 magnitude(i64 stride) {
  return stride < 0 ? u64{0} - static_cast<u64>(stride) : static_cast<u64>(stride);
}

/// Largest stride first: how an address is taken apart.
std::vector<std::size_t> by_stride(const Box& box) {
  std::vector<std::size_t> order(box.axes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return magnitude(box.axes[a].stride) > magnitude(box.axes[b].stride);
  });
  return order;
}

u64 outside(const Box::Axis& axis, i64 at) {
  if (at < 0) return u64{0} - static_cast<u64>(at);
  const auto index = static_cast<u64>(at);
  return index < axis.extent ? 0 : index - axis.extent + 1;
}

/// Takes an offset from the base apart, axis by axis: an index is the one at or below the address, or the one
/// above it. Chosen is what people would say: as few axes as possible out of range, and rather a row than a
/// column. Where strides overlap, an address may be in the box by an index that is neither (`clamped`), which
/// counts only where it proves that.
class Search {
 public:
  Search(const Box& box, bool clamped) : box_(box), order_(by_stride(box)), clamped_(clamped) {
    now_.at.assign(box.axes.size(), 0);
  }
  Position of(i64 offset) {
    step(0, offset);
    return best_;
  }

 private:
  void step(std::size_t depth, i64 offset) {
    if (depth == order_.size()) return last(offset);
    const Box::Axis& axis = box_.axes[order_[depth]];
    const auto pitch = static_cast<i64>(magnitude(axis.stride));
    if (pitch == 0) return step(depth + 1, offset);
    const i64 down = offset / pitch - static_cast<i64>(offset % pitch < 0);
    const auto take = [&](i64 steps) {
      now_.at[order_[depth]] = axis.stride < 0 ? -steps : steps;
      step(depth + 1, offset - steps * pitch);
    };
    take(down);
    if (clamped_) {
      const auto last_index = static_cast<i64>(axis.extent) - 1;
      take(std::clamp(down, axis.stride < 0 ? -last_index : 0, axis.stride < 0 ? 0 : last_index));
    } else {
      take(down + 1);
    }
  }
  void last(i64 offset) {
    u64 beside = offset < 0 ? u64{0} - static_cast<u64>(offset) : 0;
    if (offset >= 0 && static_cast<u64>(offset) >= box_.element_bytes)
      beside = static_cast<u64>(offset) - box_.element_bytes + 1;
    // How many axes are out of range, and how far each is, the smallest stride first.
    std::vector<u64> key{static_cast<u64>(beside != 0), beside};
    now_.byte = offset;
    now_.distance = beside;
    for (auto k = order_.rbegin(); k != order_.rend(); ++k) {
      const Box::Axis& axis = box_.axes[*k];
      key.push_back(axis.stride == 0 ? 0 : outside(axis, now_.at[*k]));
      key.front() += static_cast<u64>(key.back() != 0);
      now_.distance += key.back() * magnitude(axis.stride);
    }
    if (!key_.empty() && !(key < key_)) return;
    key_ = std::move(key);
    best_ = now_;
  }
  const Box& box_;
  std::vector<std::size_t> order_;
  bool clamped_;
  Position now_, best_;
  std::vector<u64> key_;  ///< of `best_`
};

std::string axis_words(const Box::Axis& axis, i64 at) {
  const u64 far = outside(axis, at);
  if (far == 0) return fmt::format("{} {}", axis.name, at);
  const std::string many = fmt::format("{} {}{}", far, axis.name, far == 1 ? "" : "s");
  return at < 0 ? many + " before the first" : fmt::format("{} behind the last (of {})", many, axis.extent);
}

}  // namespace

bool Box::empty() const {
  return std::ranges::any_of(axes, [](const Axis& axis) { return axis.extent == 0; });
}

std::string why_not(const Box& box, Interval allocation) {
  if (box.tensor.empty()) return "a tensor without a name";
  if (box.element_bytes == 0) return fmt::format("{}: elements of 0 bytes", box.tensor);
  if (box.axes.size() > kMostAxes)
    return fmt::format("{}: {} axes, expected at most {}", box.tensor, box.axes.size(), kMostAxes);
  const u64 bytes = allocation.end - allocation.begin;
  u64 elements = 1, before = 0, behind = box.element_bytes;
  bool fits = box.element_bytes <= bytes;
  for (const Box::Axis& axis : box.axes) {
    if (axis.name.empty()) return fmt::format("{}: an axis without a name", box.tensor);
    if (axis.extent == 0 || axis.stride == 0) continue;
    u64 reach = 0;
    fits = fits && !__builtin_mul_overflow(axis.extent - 1, magnitude(axis.stride), &reach) && reach <= bytes;
    fits = fits && !__builtin_mul_overflow(elements, axis.extent, &elements) && elements <= bytes;
    (axis.stride < 0 ? before : behind) += fits ? reach : 0;
  }
  if (box.empty()) return {};
  if (fits && box.base >= allocation.begin && box.base < allocation.end &&
      before <= box.base - allocation.begin && behind <= allocation.end - box.base)
    return {};
  return fmt::format("{}{}{}: the box at {:#x} is not inside its allocation of {} bytes at {:#x}", box.tensor,
                     box.label.empty() ? "" : ", ", box.label, box.base, bytes, allocation.begin);
}

Runs runs_of(const Box& box) {
  Runs runs{box.base, box.element_bytes, {}};
  for (const std::size_t k : by_stride(box)) {
    Box::Axis axis = box.axes[k];
    if (axis.stride == 0 || axis.extent == 1) continue;
    if (axis.stride < 0) {
      runs.base -= (axis.extent - 1) * magnitude(axis.stride);
      axis.stride = static_cast<i64>(magnitude(axis.stride));
    }
    runs.outer.push_back(std::move(axis));
  }
  while (!runs.outer.empty() && static_cast<u64>(runs.outer.back().stride) == runs.bytes) {
    runs.bytes *= runs.outer.back().extent;
    runs.outer.pop_back();
  }
  return runs;
}

Position position_in(const Box& box, u64 address) {
  const auto offset = static_cast<i64>(address - box.base);
  Position natural = Search(box, false).of(offset);
  if (natural.distance == 0) return natural;
  Position overlapping = Search(box, true).of(offset);
  return overlapping.distance == 0 ? overlapping : natural;
}

std::string words_of(const Box& box, const Position& position) {
  std::string where;
  for (std::size_t k = 0; k < box.axes.size(); ++k)
    where += (where.empty() ? "" : ", ") + axis_words(box.axes[k], position.at[k]);
  const char* const comma = box.label.empty() || where.empty() ? "" : ", ";
  if (position.distance == 0) return fmt::format("element {}[{}{}{}]", box.tensor, box.label, comma, where);
  if (position.byte < 0) where += fmt::format(", {} bytes before the element", -position.byte);
  if (position.byte >= static_cast<i64>(box.element_bytes))
    where += fmt::format(", {} bytes behind the element's start", position.byte);
  return fmt::format("{}{}{}: {}", box.tensor, box.label.empty() ? "" : ", ", box.label, where);
}

}  // namespace softcuda::check
