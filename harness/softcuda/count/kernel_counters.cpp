#include "harness/softcuda/count/kernel_counters.h"

namespace softcuda::count {

Line& Line::operator+=(const Line& more) {
  instructions += more.instructions;
  for (std::size_t space = 0; space < kSpaces; ++space) traffic[space] += more.traffic[space];
  divergences += more.divergences;
  return *this;
}

Traffic KernelCounters::of(Space space) const {
  Traffic sum;
  for (const Traffic& one : traffic[static_cast<std::size_t>(space)]) sum += one;
  return sum;
}

KernelCounters& KernelCounters::operator+=(const KernelCounters& more) {
  launches += more.launches;
  instructions += more.instructions;
  for (std::size_t of = 0; of < kClasses; ++of) by_class[of] += more.by_class[of];
  for (const auto& [shape, times] : more.tensor) tensor[shape] += times;
  for (std::size_t type = 0; type < kFlops; ++type) flops[type] += more.flops[type];
  for (std::size_t space = 0; space < kSpaces; ++space) {
    for (std::size_t access = 0; access < kAccesses; ++access)
      traffic[space][access] += more.traffic[space][access];
  }
  branches += more.branches;
  divergences += more.divergences;
  barriers += more.barriers;
  for (const auto& [place, line] : more.lines) lines[place] += line;
  return *this;
}

}  // namespace softcuda::count
