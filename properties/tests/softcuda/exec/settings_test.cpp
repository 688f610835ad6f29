#include "harness/softcuda/exec/settings.h"

#include <gmock/gmock.h>

namespace softcuda::testing {
namespace {

using exec::Settings;

TEST(Settings, AreSetFromText) {
  Settings s;
  ASSERT_TRUE(s.set("threads", "3"));
  ASSERT_TRUE(s.set("check", "race,init"));
  ASSERT_TRUE(s.set("warp-order", "far-ahead"));
  ASSERT_TRUE(s.set("late-copies", "on"));
  ASSERT_TRUE(s.set("tensor", "truncating-sm90"));
  ASSERT_TRUE(s.set("seed", "0xffffffffffffffff"));
  EXPECT_EQ(s.threads, 3u);
  EXPECT_TRUE(s.checks.race && s.checks.init);
  EXPECT_FALSE(s.checks.sync);
  EXPECT_EQ(s.warp_order, exec::WarpOrder::far_ahead);
  EXPECT_TRUE(s.modes.late_copies);
  EXPECT_EQ(s.modes.tensor, isa::TensorModel::truncating_sm90);
  EXPECT_EQ(s.modes.seed, ~std::uint64_t{0});
}

TEST(Settings, WrongTextSaysWhatWasExpectedAndChangesNothing) {
  Settings s;
  for (const auto& [key, value] : std::vector<std::pair<const char*, const char*>>{{"threads", "2000"},
                                                                                   {"threads", ""},
                                                                                   {"threads", "4x"},
                                                                                   {"check", "race,speed"},
                                                                                   {"poison", "256"},
                                                                                   {"tensor", "exactly"},
                                                                                   {"seed", "-1"}}) {
    const auto set = s.set(key, value);
    ASSERT_FALSE(set) << key << value;
    EXPECT_THAT(set.error(), ::testing::HasSubstr(std::string(key) + "=" + value));
    EXPECT_THAT(set.error(), ::testing::HasSubstr("is expected"));
  }
  EXPECT_EQ(s.threads, 0u);
  EXPECT_FALSE(s.checks.race);
  EXPECT_THAT(s.set("warp_order", "random").error(), ::testing::HasSubstr("warp-order"));
}

/// The list that help texts print names every key that set() takes.
TEST(Settings, KeysAreListed) {
  for (const char* key : {"threads=", "instruction-limit=", "check=", "warp-order=", "block-order=",
                          "late-copies=", "poison=", "local-limit=", "shadow-limit=", "tensor=", "seed="})
    EXPECT_THAT(Settings::keys(), ::testing::HasSubstr(key));
}

}  // namespace
}  // namespace softcuda::testing
