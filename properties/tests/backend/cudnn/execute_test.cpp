#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>

#include "harness/backend/cudnn/cudnn.h"
#include "harness/oracle/judge.h"
#include "properties/tests/backend/cudnn/with_cudnn.h"
#include "properties/tests/run/temporary_folder.h"

// The machine's cuDNN on softcuda's libcuda: plans, uploads and a poisoned workspace, and a verdict that says
// where it ends. That is before the launch: the CUDA runtime inside cuDNN takes no software driver, so it
// makes no handle.

namespace flashdiff::cudnn {
namespace {

using ::testing::AllOf;
using testing::folder_of;
using ::testing::HasSubstr;
using testing::hopper;
using ::testing::Not;
using testing::Set;
namespace fs = std::filesystem;

const Case kLeft = parse_case(
                       "fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17 kv=70,64 mask=causal_br "
                       "data=normal seed=0x2a")
                       .value();

/// Opening takes seconds: cuDNN is loaded.
std::unique_ptr<Backend> opened(std::optional<Way> way = {}) {
  return cudnn_backend("cudnn", {way}, DeviceChoice::soft).value();
}
std::string explained(Backend& backend, const Case& c = kLeft) {
  const Verdict verdict = examine(backend, c).verdict;
  return std::string(flashdiff::name_of(verdict)) + ": " + explain(verdict);
}
Case scaled(float scale) {
  Case c = kLeft;
  c.problem.scale = scale;
  return c;
}

TEST(CudnnExecute, OnSoftcudaItEndsWhereCudnnWantsADevice) {
  const auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  const auto ends = AllOf(HasSubstr("not-executed"), HasSubstr("cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED"),
                          HasSubstr("plan compiled"));
  Case training = kLeft;
  training.problem.pass = Pass::backward;
  const auto as_it_lies = opened();
  EXPECT_THAT(explained(*as_it_lies), ends);
  EXPECT_THAT(explained(*as_it_lies, training), ends);
  EXPECT_THAT(explained(*opened(Way::compaction)), ends);
}

TEST(CudnnExecute, ASavedPlanIsLoadedInsteadOfCompiled) {
  const auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  const test::TemporaryFolder plans;
  auto asker = Asker::open(*command);
  ASSERT_TRUE(asker) << asker.error().what;
  const auto file_of = [&](const Case& c) {
    return plan_file(plans.path().string(), asker->maker(), key_of(graph_of(c, Way::ragged).value()));
  };
  const Graph graph = graph_of(kLeft, Way::ragged).value();
  ASSERT_EQ(asker->ask(graph, Level::built, plans.path().string()).by, By::build);
  ASSERT_TRUE(fs::exists(file_of(kLeft)));

  const Set folder("FLASHDIFF_CUDNN_PLANS", plans.path().string());
  const auto backend = opened();
  EXPECT_THAT(explained(*backend),
              AllOf(HasSubstr("not-executed"), HasSubstr("loaded from " + file_of(kLeft))));
  // Another scale is another plan; one of a newer cuDNN; one whose bytes are none of cuDNN's.
  EXPECT_THAT(explained(*backend, scaled(0.5f)),
              AllOf(HasSubstr("plan compiled"), HasSubstr("is not there")));
  const auto plant = [&](const Case& c, PlanMaker maker) {
    ASSERT_TRUE(write_plan(file_of(c), maker, key_of(graph_of(c, Way::ragged).value()), {1, 2, 3}));
  };
  PlanMaker newer = asker->maker();
  newer.cudnn += 100;
  plant(scaled(0.25f), newer);
  EXPECT_THAT(explained(*backend, scaled(0.25f)),
              AllOf(HasSubstr("plan compiled, since"), HasSubstr("cudnn 9")));
  plant(scaled(0.75f), asker->maker());
  EXPECT_THAT(explained(*backend, scaled(0.75f)),
              HasSubstr("plan compiled, since cuDNN does not take " + file_of(scaled(0.75f))));
}

TEST(CudnnExecute, WithoutItsLibrariesThereIsASentence) {
  const test::TemporaryFolder empty;
  const Set folder("FLASHDIFF_CUDNN", empty.path().string());
  const auto backend = cudnn_backend("cudnn", {}, DeviceChoice::soft);
  ASSERT_FALSE(backend);
  EXPECT_EQ(backend.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(backend.error().what,
              ::testing::AnyOf(HasSubstr("libcudnn.so.9 is not there"), HasSubstr("is not built")));
}

TEST(CudnnExecute, AnOlderCudnnThanItWasBuiltAgainstIsRefused) {
  const auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  const test::TemporaryFolder folder;
  fs::create_symlink(OLDER_CUDNN, folder.path() / "libcudnn.so.9");
  for (const char* library : {"libcudart.so.13", "libnvrtc.so.13"})
    fs::create_symlink(folder_of(library) / library, folder.path() / library);
  const Set pointed("FLASHDIFF_CUDNN", folder.path().string());
  const auto backend = cudnn_backend("cudnn", {}, DeviceChoice::soft);
  ASSERT_FALSE(backend);
  EXPECT_EQ(backend.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(backend.error().what, AllOf(HasSubstr("9.1.0"), HasSubstr("older than")));
}

TEST(CudnnExecute, AToolkitsStubOfLibcudaIsASentence) {
  const test::TemporaryFolder folder;
  fs::create_symlink(STUB_CUDA, folder.path() / "libcuda.so.1");
  const Set path("LD_LIBRARY_PATH", folder.path().string());  // read by the process that is started
  const auto command = command_for_gpu();
  NEEDS_CUDNN(command);
  const auto asker = Asker::open(*command);
  ASSERT_FALSE(asker);
  EXPECT_EQ(asker.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(asker.error().what, AllOf(HasSubstr("libcuda.so.1"), HasSubstr("CUDA_ERROR_STUB_LIBRARY"),
                                        HasSubstr("not a driver"), Not(HasSubstr("\n"))));
}

TEST(CudnnExecute, WithoutAGpuTheGpuWaySaysWhatIsMissing) {
  const auto backend = cudnn_backend("cudnn", {}, DeviceChoice::gpu);
  if (backend) GTEST_SKIP() << "SKIPPED: there is a GPU here";
  EXPECT_EQ(backend.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(backend.error().what, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace flashdiff::cudnn
