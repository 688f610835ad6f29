#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/softcuda/count/counters.h"
#include "harness/softcuda/count/kernel_counters.h"
#include "harness/softcuda/exec/program.h"

namespace softcuda::exec {

/// Counters of all launches since the last reset. Figures by number are kept for the programs launched last,
/// since making lines of them takes as long as a small launch does; a program that has not been launched for
/// long is summed up by its kernel's name and let go.
class Ledger {
 public:
  void add(const std::shared_ptr<const Program>&, const count::Tally&);
  [[nodiscard]] const count::Counters& totals() const { return totals_; }
  /// By kernel, in the order of names.
  [[nodiscard]] std::vector<count::KernelCounters> kernels() const;

 private:
  struct Recent {
    std::shared_ptr<const Program> program;
    std::uint64_t launches = 0;
    count::Tally tally;
  };
  using ByName = std::map<std::string, count::KernelCounters>;
  static void sum_up(const Recent&, ByName&);

  std::vector<Recent> recent_;  ///< the one launched last at the end
  ByName summed_;
  count::Counters totals_;
};

}  // namespace softcuda::exec
