#pragma once
#include <functional>

#include <rapidcheck.h>

#include "harness/problem/case.h"

namespace flashdiff::testing {

struct Shrunk {
  Case smallest;
  int executions = 0;
};

/// RapidCheck's own strategy (the first simpler case that still fails, again and again), in ten lines.
inline Shrunk shrunk(const rc::Shrinkable<Case>& tree, const std::function<bool(const Case&)>& fails,
                     int most_executions = 2000) {
  Shrunk result{tree.value()};
  auto shrinks = tree.shrinks();
  while (auto next = shrinks.next()) {
    if (++result.executions > most_executions) break;
    if (!fails(next->value())) continue;
    result.smallest = next->value();
    shrinks = next->shrinks();
  }
  return result;
}

}  // namespace flashdiff::testing
