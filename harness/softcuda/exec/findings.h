#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "harness/softcuda/check/races.h"
#include "harness/softcuda/check/report.h"
#include "harness/softcuda/exec/launch.h"

namespace softcuda::exec {

inline constexpr std::uint32_t kNoNumber = 0xffffffffu;

/// What a detector saw of a launch, before it is put into words.
struct Finding {
  check::FaultKind kind = check::FaultKind::shared_race;
  std::uint32_t number = kNoNumber;        ///< of the instruction (isa::Op::number)
  std::uint32_t other_number = kNoNumber;  ///< of a race's earlier side
  std::uint64_t block = 0;                 ///< rank: x first
  std::uint32_t warp = 0, lanes = 0;
  check::Race race;           ///< of a race
  std::uint64_t address = 0;  ///< of memory that was never written, where it is known; of padding
  std::uint32_t bytes = 0;    ///< of an access to padding, from `address` on
  std::string detail;         ///< what the kind's own words need: "address", "barrier 1: 48 threads"
  std::uint64_t count = 1;
};

/// The findings of a launch, from all host threads. Those of one kind between the same instructions are one,
/// told by the lowest block's example.
class Findings {
 public:
  void add(Finding finding);
  [[nodiscard]] std::vector<Finding> all() const;

 private:
  using Key = std::tuple<check::FaultKind, std::uint32_t, std::uint32_t, std::string>;
  mutable std::mutex mutex_;
  std::map<Key, Finding> found_;
};

/// In words.
[[nodiscard]] std::vector<check::Report> told(const Launch&, const Findings&);

}  // namespace softcuda::exec
