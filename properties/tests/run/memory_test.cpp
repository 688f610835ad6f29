#include "harness/run/memory.h"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

#include "harness/run/worker.h"
#include "properties/tests/run/stand_in.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;

class OutOfMemoryKills : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  void write(const std::string& file, const std::string& text) {
    const fs::path path = folder_.path() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  [[nodiscard]] std::optional<std::int64_t> count() const {
    return out_of_memory_kills(folder_.path() / "membership", folder_.path() / "groups");
  }
};

TEST_F(OutOfMemoryKills, AreReadOfBothVersionsOfControlGroups) {
  EXPECT_FALSE(count());
  write("membership", "0::/user.slice/run\n");
  EXPECT_FALSE(count());
  write("groups/user.slice/run/memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n");
  EXPECT_EQ(count(), 1);
  write("membership", "9:cpu:/a\n4:memory:/jobs/7\n0::/\n");
  write("groups/memory/jobs/7/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 12\n");
  EXPECT_EQ(count(), 12);
  write("membership", "no colon\n::\n");
  EXPECT_FALSE(count());
}

/// A control group of its own with a limit, for this process and its children; where one may be made.
class ControlGroup {
 public:
  explicit ControlGroup(std::int64_t bytes) {
    std::ifstream membership("/proc/self/cgroup");
    for (std::string line; std::getline(membership, line);) {
      const auto last = line.rfind(':');
      const std::string group = line.substr(last + 1);
      if (line.find(":memory:") != std::string::npos) {
        parent_ = "/sys/fs/cgroup/memory" + group;
        limit_ = "memory.limit_in_bytes";
      } else if (line.starts_with("0::") && parent_.empty()) {
        parent_ = "/sys/fs/cgroup" + group;
        limit_ = "memory.max";
      }
    }
    made_ = parent_ / ("flashdiff_test_" + std::to_string(getpid()));
    std::error_code failed;
    if (!fs::create_directory(made_, failed)) why_not_ = failed ? failed.message() : "it is there already";
    if (why_not_.empty() && !put(made_ / limit_, bytes)) why_not_ = "no limit of memory can be set there";
    if (why_not_.empty() && !put(made_ / "cgroup.procs", getpid())) why_not_ = "no process can be put there";
  }
  ~ControlGroup() {
    put(parent_ / "cgroup.procs", getpid());
    std::error_code ignored;
    for (int tries = 0; tries < 100 && !fs::remove(made_, ignored) && ignored; ++tries) usleep(10'000);
  }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }

 private:
  static bool put(const fs::path& file, std::int64_t number) {
    std::ofstream out(file);
    out << number << std::flush;
    return out.good();
  }
  fs::path parent_, made_;
  std::string limit_, why_not_;
};

TEST(ControlGroups, AWorkerThatOneKillsForItsMemorySaysSo) {
  std::signal(SIGPIPE, SIG_IGN);
  const ControlGroup group(std::int64_t{400} << 20);
  if (!group.why_not().empty()) GTEST_SKIP() << "no control group can be made here: " << group.why_not();
  Worker worker(test::stand_in("eat"), 60);
  const auto examined = worker.examine("fake", test::trigger);
  ASSERT_TRUE(examined) << examined.error().what;
  const auto* crash = std::get_if<verdict::Crash>(&examined->verdict);
  ASSERT_NE(crash, nullptr) << explain(examined->verdict);
  EXPECT_EQ(crash->how, "killed by signal 9 (Killed): out of memory, says its control group");
  EXPECT_STREQ(name_of(worker.examine("fake", test::harmless)->verdict), "pass");
}

}  // namespace
}  // namespace flashdiff
