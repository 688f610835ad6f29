#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff {

/// One way to classify cases. A case has at least one of `values`, and may have several where its sequences
/// differ. Axes stand beside the generator that makes their classes.
struct Axis {
  std::string name;
  std::vector<std::string> values;  ///< all that there are, so that a class that is never reached shows
  std::function<std::vector<std::string>(const Case&)> of;
};

}  // namespace flashdiff
