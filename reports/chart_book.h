#pragma once
#include <string>
#include <vector>

#include "reports/chart.h"

namespace flashdiff {

/// Charts that grow point by point.
class ChartBook {
 public:
  /// Adds a point to a line of the chart that has `blank`'s title; both are made where they are not there.
  void add(const Chart& blank, const std::string& line, ChartPoint point);
  /// All that have a line of two places at least, points in the order of x, with a summary of each line's
  /// ends.
  [[nodiscard]] std::vector<Chart> take();

 private:
  std::vector<Chart> charts_;
};

/// "flash_forward: 4.49 at 256, 4.46 at 2,048."
[[nodiscard]] std::string summary_of(const Chart& chart);

}  // namespace flashdiff
