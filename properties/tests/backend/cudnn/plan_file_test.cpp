#include "harness/backend/cudnn/plan_file.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "harness/backend/cudnn/canary.h"
#include "harness/backend/cudnn/wire.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff::cudnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const PlanMaker kHopper{91900, 90, "NVIDIA H100 80GB HBM3"};
const std::vector<std::uint8_t> kBytes{'{', 0, '\n', 255};

class PlanFiles : public ::testing::Test {
 protected:
  std::string write(const PlanMaker& maker, const std::string& key) {
    const std::string file = plan_file(folder_.path().string(), maker, key);
    EXPECT_TRUE(write_plan(file, maker, key, kBytes));
    return file;
  }
  test::TemporaryFolder folder_;
};

TEST_F(PlanFiles, ComeBackForTheirGraphVersionAndGpu) {
  const std::string file = write(kHopper, "graph");
  EXPECT_THAT(std::filesystem::path(file).filename().string(),
              ::testing::MatchesRegex("sm_90-cudnn91900-[0-9a-f]*.plan"));
  const auto read = read_plan(file, kHopper, "graph");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, kBytes);
}

TEST_F(PlanFiles, OfAnotherVersionGpuOrGraphAreNotTaken) {
  const std::string file = write(kHopper, "graph");
  EXPECT_THAT(read_plan(file, {92000, 90, kHopper.device}, "graph").error().what,
              AllOf(HasSubstr("cudnn 91900"), HasSubstr("not 92000")));
  EXPECT_THAT(read_plan(file, {91900, 90, "NVIDIA H200"}, "graph").error().what,
              AllOf(HasSubstr("H100"), HasSubstr("not \"NVIDIA H200\"")));
  EXPECT_THAT(read_plan(file, kHopper, "other").error().what, HasSubstr("another graph"));
  EXPECT_NE(plan_file("", kHopper, "other"), plan_file("", kHopper, "graph"));
}

TEST_F(PlanFiles, ThatAreNoneAreNamed) {
  const std::string file = (folder_.path() / "x.plan").string();
  EXPECT_THAT(read_plan(file, kHopper, "graph").error().what, HasSubstr("is not there"));
  for (const char* text : {"", "dear diary", "{}\nbytes", "[1]\n"}) {
    std::ofstream(file) << text;
    EXPECT_THAT(read_plan(file, kHopper, "graph").error().what, HasSubstr("no plan of flashdiff's")) << text;
  }
  EXPECT_THAT(write_plan("/proc/nowhere/x.plan", kHopper, "graph", kBytes).error().what,
              HasSubstr("cannot be written"));
}

/// Its scale is fixed in a plan: two scales are two plans.
TEST(CudnnKey, HasAllThatAPlanDependsOn) {
  const Graph graph = canary_graph();
  Graph scaled = graph, wider = graph, banded = graph, gradient = graph, o_alone = graph;
  scaled.scale *= 2;
  wider.dq.strides[2] = 72;
  banded.right = 0;
  gradient.backward = true;
  o_alone.inference = true;
  for (const Graph& other : {scaled, wider, banded, gradient, o_alone})
    EXPECT_NE(key_of(other), key_of(graph));
  EXPECT_EQ(key_of(graph), key_of(canary_graph()));
}

}  // namespace
}  // namespace flashdiff::cudnn
