#include <algorithm>

#include <gtest/gtest.h>

#include "harness/backend/answerers/registry.h"
#include "properties/random_cases.h"
#include "properties/relations/relate.h"

// Over random cases no relation is broken by a kernel of this repository; many more cases are checked by
// `flashdiff check`.

namespace flashdiff {
namespace {

class RelationsOfKernel : public ::testing::TestWithParam<std::string> {};

TEST_P(RelationsOfKernel, Hold) {
  constexpr std::uint64_t cases = 10;
  const auto entry = std::ranges::find(backend_registry(), GetParam(), &BackendEntry::name);
  BackendOptions soft;
  soft.device = DeviceChoice::soft;
  const auto backend = entry->open(soft);
  ASSERT_TRUE(backend.has_value()) << backend.error().what;
  CaseOptions options;
  options.pass = entry->pass;
  options.most_queries = entry->most_queries;
  int tried = 0;
  for (std::uint64_t i = 0; i < cases; ++i) {
    const Case c = draw_case(5, i, options).value();
    if (!(*backend)->supports(c).yes) continue;
    const auto expected = detail::expected_of(c.problem, (*backend)->numerics(c.problem));
    const auto own = (*backend)->run(lay_out(c, expected->expected->data));
    ASSERT_TRUE(own.has_value()) << own.error().what;
    const Related all = relations::relate(**backend, c, *own, "all");
    EXPECT_FALSE(all.failure.has_value()) << print(c) << "\n" << explain(*all.failure);
    tried += static_cast<int>(all.tried.size());
  }
  EXPECT_GT(tried, 5);
}

std::vector<std::string> kernels() {
  std::vector<std::string> names;
  for (const BackendEntry& entry : backend_registry())
    if (entry.on_device && !entry.gpu_only) names.push_back(entry.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(InRepo, RelationsOfKernel, ::testing::ValuesIn(kernels()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace flashdiff
