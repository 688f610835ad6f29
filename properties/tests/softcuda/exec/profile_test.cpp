#include "harness/softcuda/exec/profile.h"

#include <set>

#include <gtest/gtest.h>

namespace softcuda::testing {
namespace {

using exec::DeviceProfile;
using exec::profile_named;
using exec::runs;

TEST(Profiles, are_found_by_name) {
  std::set<std::string_view> names;
  for (const DeviceProfile& p : exec::profiles()) {
    EXPECT_EQ(profile_named(p.name), &p);
    EXPECT_EQ(p.name, "sm_" + std::to_string(p.capability()));
    names.insert(p.name);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"}));
  EXPECT_EQ(profile_named("sm_70"), nullptr);
  EXPECT_EQ(profile_named(""), nullptr);
}

// "A maximum of 163 KB per block (of 164)": one block's share and the 1 KB that the system keeps of it.
TEST(Profiles, one_block_of_the_most_shared_memory_fits) {
  for (const DeviceProfile& p : exec::profiles()) {
    EXPECT_EQ(p.shared_bytes_per_block + exec::kReservedSharedBytesPerBlock,
              p.shared_bytes_per_multiprocessor)
        << p.name;
    EXPECT_EQ(p.threads_per_multiprocessor % 32, 0u) << p.name;
  }
}

TEST(Profiles, older_ptx_runs_on_a_newer_device_only) {
  const DeviceProfile &a100 = *profile_named("sm_80"), &ada = *profile_named("sm_89");
  EXPECT_TRUE(runs(a100, "sm_80"));
  EXPECT_TRUE(runs(a100, "sm_52"));
  EXPECT_FALSE(runs(a100, "sm_86"));
  EXPECT_TRUE(runs(ada, "sm_86"));
  EXPECT_FALSE(runs(ada, "sm_90"));
  for (const char* const none : {"", "sm_", "texmode_unified", "sm_x"}) EXPECT_FALSE(runs(ada, none)) << none;
}

TEST(Profiles, targets_of_one_architecture_or_family_run_there_only) {
  const DeviceProfile &h100 = *profile_named("sm_90"), &b200 = *profile_named("sm_100"),
                      &rtx = *profile_named("sm_120");
  EXPECT_TRUE(runs(h100, "sm_90a"));
  EXPECT_FALSE(runs(b200, "sm_90a"));
  EXPECT_TRUE(runs(b200, "sm_90"));
  EXPECT_TRUE(runs(b200, "sm_100f"));
  EXPECT_FALSE(runs(b200, "sm_103f")) << "newer than the device";
  EXPECT_FALSE(runs(rtx, "sm_100f")) << "another family";
}

}  // namespace
}  // namespace softcuda::testing
