#include "harness/oracle/expected.h"

#include <array>
#include <chrono>
#include <utility>

#include "reference/given.h"

namespace flashdiff::detail {

Outcome<Found> expected_of(const Problem& problem, const Numerics& numerics) {
  static thread_local std::array<std::shared_ptr<const Expected>, 2> latest_first;
  for (std::size_t i = 0; i < latest_first.size(); ++i) {
    const auto& known = latest_first[i];
    if (!known || !(known->problem == problem) || !(known->numerics == numerics)) continue;
    std::swap(latest_first[0], latest_first[i]);
    return Found{latest_first[0], false};
  }
  auto data = make_given(problem);
  if (!data) return tl::unexpected(data.error());
  auto made = std::make_shared<Expected>();
  made->problem = problem;
  made->numerics = numerics;
  made->data = std::move(*data);
  const auto start = std::chrono::steady_clock::now();
  made->wanted = wanted(problem, made->data, numerics);
  made->reference_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  latest_first[1] = std::move(latest_first[0]);
  latest_first[0] = made;
  return Found{std::move(made), true};
}

}  // namespace flashdiff::detail
