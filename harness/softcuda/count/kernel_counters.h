#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "harness/softcuda/count/kind.h"
#include "harness/softcuda/count/tally.h"

/// What is told of a kernel: the sums of all its launches, by class, shape, memory and source line.
namespace softcuda::count {

/// PTX instructions: once a warp (a group of lanes that executes them together), and once a lane of it. Those
/// that a guard keeps lanes from are counted for these lanes too.
struct Instructions {
  std::uint64_t warp = 0, thread = 0;

  Instructions& operator+=(const Instructions& more) {
    warp += more.warp;
    thread += more.thread;
    return *this;
  }
  friend bool operator==(const Instructions&, const Instructions&) = default;
};

/// A source line, by the file that .loc names and its line; {"", 0} where the module has none.
using Place = std::pair<std::string, int>;

struct Line {
  Instructions instructions;
  std::array<Traffic, kSpaces> traffic;  ///< by Space
  std::uint64_t divergences = 0;

  Line& operator+=(const Line& more);
  friend bool operator==(const Line&, const Line&) = default;
};

struct KernelCounters {
  std::string kernel;
  std::uint64_t launches = 0;
  Instructions instructions;
  std::array<Instructions, kClasses> by_class{};                  ///< by Class
  std::map<std::string, std::uint64_t> tensor;                    ///< "mma.m16n8k16.f32.f16" -> once a warp
  std::array<std::uint64_t, kFlops> flops{};                      ///< by Flops
  std::array<std::array<Traffic, kAccesses>, kSpaces> traffic{};  ///< by Space and Access
  std::uint64_t branches = 0;                                     ///< conditional, once a warp
  std::uint64_t divergences = 0;                                  ///< of them, those that split the lanes
  std::uint64_t barriers = 0;                                     ///< CTA barriers arrived at, once a warp
  std::map<Place, Line> lines;

  [[nodiscard]] Traffic of(Space) const;  ///< all accesses to one memory
  /// `more` is of a kernel of the same name.
  KernelCounters& operator+=(const KernelCounters& more);
  friend bool operator==(const KernelCounters&, const KernelCounters&) = default;
};

}  // namespace softcuda::count
