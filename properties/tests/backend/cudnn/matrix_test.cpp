#include "harness/backend/cudnn/matrix.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <tuple>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/backend/cudnn/canary.h"
#include "properties/random_cases.h"
#include "properties/tests/backend/cudnn/with_cudnn.h"
#include "properties/tests/run/temporary_folder.h"

// With the machine's cuDNN. Where there is none, or the build found no headers of it, that is what is tested:
// a sentence, never a no.

namespace flashdiff::cudnn {
namespace {

using ::testing::AllOf;
using testing::folder_of;
using ::testing::HasSubstr;
using testing::hopper;
namespace fs = std::filesystem;

/// FLASHDIFF_CUDNN for the life of the object.
struct Pointed : testing::Set {
  explicit Pointed(const fs::path& folder) : Set("FLASHDIFF_CUDNN", folder.string()) {}
};

TEST(CudnnProfiles, ThoseOfTheIssueAreThereAndSayWhereTheyComeFrom) {
  const auto all = profiles();
  ASSERT_TRUE(all) << all.error().what;
  std::set<std::string> names;
  for (const Profile& one : *all) {
    names.insert(one.name);
    EXPECT_EQ(one.read_off_a_device, one.name == "sm_90") << one.about();
    EXPECT_THAT(one.about(), HasSubstr(one.read_off_a_device ? "read off a device" : "made by hand"));
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"sm_80", "sm_89", "sm_90", "sm_100", "sm_120"}));
  EXPECT_THAT(profile_of("sm_70").error().what, AllOf(HasSubstr("sm_70"), HasSubstr("sm_120")));
}

TEST(CudnnMatrix, WithoutItsLibrariesNothingIsANo) {
  const test::TemporaryFolder empty;
  const Pointed pointed(empty.path());
  const auto classes = problem_classes(false);
  const ProfileMatrix matrix = ask_classes(hopper(), command_for(hopper()), classes, {});
  EXPECT_TRUE(matrix.entries.empty());
  EXPECT_THAT(matrix.unasked,
              ::testing::AnyOf(HasSubstr("libcudnn.so.9 is not there"), HasSubstr("is not built")));
  EXPECT_THAT(text_of({matrix}), HasSubstr("could not be asked"));
  EXPECT_EQ(json_of({matrix}).at("profiles").at(0).at("unasked"), matrix.unasked);
}

TEST(CudnnMatrix, ALibraryThatItOpensAtRunTimeIsMissedAsWell) {
  const auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  // All of cuDNN, but the part that compiles its kernels is none.
  const test::TemporaryFolder folder;
  for (const auto& entry : fs::directory_iterator(folder_of("libcudnn.so.9"))) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("libcudnn")) continue;
    if (name.find("runtime_compiled") == std::string::npos)
      fs::create_symlink(entry.path(), folder.path() / name);
    else
      std::ofstream(folder.path() / name) << "dear diary";
  }
  for (const char* library : {"libcudart.so.13", "libnvrtc.so.13"})
    fs::create_symlink(folder_of(library) / library, folder.path() / library);
  const Pointed pointed(folder.path());
  const auto crippled = command_for(hopper());
  ASSERT_TRUE(crippled) << crippled.error().what;
  const auto asker = Asker::open(*crippled);
  ASSERT_FALSE(asker);
  EXPECT_EQ(asker.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(asker.error().what, ::testing::AnyOf(HasSubstr("even for the plainest attention"),
                                                   HasSubstr("SUBLIBRARY_LOADING_FAILED")));
}

TEST(CudnnMatrix, ALibcudaThatLacksWhatItWantsIsNoNo) {
  auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  for (const auto& [library, words] : {std::pair{OTHER_LIBRARY, OTHER_LIBRARY ": this is not softcuda"},
                                       {STUB_CUDA, STUB_CUDA ": this is not softcuda"},
                                       {"/no/such/libcuda.so.1", "/no/such/libcuda.so.1: "}}) {
    command->back() = library;
    const auto asker = Asker::open(*command);
    ASSERT_FALSE(asker);
    EXPECT_EQ(asker.error().kind, ErrorKind::unsupported);
    EXPECT_THAT(asker.error().what, ::testing::StartsWith(words));
  }
}

/// As random cases have them: what a class stands for, one axis beside phase and way at a time.
TEST(CudnnClasses, EveryRandomCaseIsOfOne) {
  const auto phase_of = [](const Problem& p) {
    const auto all = [&p](auto holds) { return std::all_of(p.sequences.begin(), p.sequences.end(), holds); };
    if (p.pass == Pass::backward) return "training";
    if (all([](const SequenceLengths& one) { return one.q_len <= 1; })) return "decode";
    if (all([](const SequenceLengths& one) { return one.q_len == one.kv_len; })) return "prefill";
    return all([](const SequenceLengths& one) { return one.q_len <= one.kv_len; }) ? "chunked" : "cross";
  };
  const auto side_of = [](const Mask& mask) {
    return std::tuple(mask.kind, mask.kind == MaskKind::window && mask.left == Mask::unbounded,
                      mask.kind == MaskKind::window && mask.right == 0);
  };
  const auto classes = problem_classes(false);
  CaseOptions options;
  options.largest_head_dim = 256;
  int seen = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Case c = draw_case(20251129, i, options).value();
    if (i % 3 == 0) c.problem.pass = Pass::backward;
    const Problem& p = c.problem;
    const Way way = way_of(c);
    if (const auto graph = graph_of(c, way);
        !graph && graph.error().what.find("no tensors without rows") != std::string::npos)
      continue;
    const auto covers = [&](auto like) {
      return std::any_of(classes.begin(), classes.end(), [&](const ProblemClass& one) {
        const Layout &asked = c.layout, &example = one.example.layout;
        if (one.phase != phase_of(p) || one.way != way || (example.page > 0) != (asked.page > 0))
          return false;
        if (way == Way::ragged && asked.page == 0 && example.padding != asked.padding) return false;
        return like(one.example);
      });
    };
    // A window without bounds is no mask, one that ends at the diagonal alone is causal.
    const bool banded =
        p.mask.kind == MaskKind::window && p.mask.left == Mask::unbounded && p.mask.right == Mask::unbounded;
    EXPECT_TRUE(covers([&](const Case& one) {
      return banded || side_of(one.problem.mask) == side_of(p.mask) ||
             side_of(p.mask) == std::tuple(MaskKind::window, true, true);
    })) << print(c);
    EXPECT_TRUE(covers([&](const Case& one) { return one.problem.dtype == p.dtype; })) << print(c);
    EXPECT_TRUE(covers([&](const Case& one) {
      return one.layout.order == c.layout.order && one.layout.view == c.layout.view;
    })) << print(c);
    EXPECT_TRUE(covers([&](const Case& one) { return one.problem.softcap || !p.softcap; })) << print(c);
    EXPECT_TRUE(covers([&](const Case& one) { return one.problem.alibi || !p.alibi; })) << print(c);
    EXPECT_TRUE(covers([&](const Case& one) { return one.problem.sink || !p.sink; })) << print(c);
    ++seen;
  }
  EXPECT_GT(seen, 1900) << "of 2,000; the others have no rows";
}

TEST(CudnnMatrix, EveryAnswerSaysWhoGaveIt) {
  const auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  const auto all = problem_classes(false);
  std::vector<ProblemClass> some;
  for (std::size_t i = 0; i < all.size(); i += 11) some.push_back(all[i]);
  MatrixOptions options;
  options.plans = 1;
  const test::TemporaryFolder plans;
  options.plan_folder = plans.path().string();
  const ProfileMatrix matrix = ask_classes(hopper(), command, some, options);
  ASSERT_EQ(matrix.unasked, "");
  ASSERT_EQ(matrix.entries.size(), some.size());
  int yes = 0, no = 0, built = 0;
  for (const MatrixEntry& entry : matrix.entries) {
    const Answer& answer = entry.answer;
    const std::string line = print(entry.asked->example);
    ASSERT_NE(answer.said, Said::unasked) << line << ": " << answer.why;
    ASSERT_NE(answer.by, By::nobody) << line;
    if (answer.said == Said::no) {
      ++no;
      EXPECT_NE(answer.why, "") << line;
      EXPECT_EQ(answer.why.find('\n'), std::string::npos) << answer.why;
      continue;
    }
    ++yes;
    EXPECT_GT(answer.engines, 0) << line;
    if (answer.by != By::build) continue;
    ++built;
    EXPECT_THAT(answer.kernel, HasSubstr("_sdpa_sm")) << line;
    EXPECT_GE(answer.workspace_bytes, 0) << line;
    EXPECT_GT(answer.plan_bytes, 1000) << line;
  }
  EXPECT_GT(yes, 5);
  EXPECT_GT(no, 5);
  EXPECT_EQ(built, 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(plans.path()), fs::directory_iterator()), 1);
}

TEST(CudnnMatrix, RandomProblemsGetTheSameAnswerTwiceAndNeverNone) {
  const auto command = command_for(hopper());
  NEEDS_CUDNN(command);
  // FLASHDIFF_CUDNN_CASES: 2,000 by hand.
  const char* const said = std::getenv("FLASHDIFF_CUDNN_CASES");
  const std::uint64_t cases = said == nullptr ? 50 : std::strtoull(said, nullptr, 10);
  auto first = Asker::open(*command), second = Asker::open(*command);
  ASSERT_TRUE(first) << first.error().what;
  ASSERT_TRUE(second) << second.error().what;
  CaseOptions options;
  options.largest_head_dim = 256;
  for (std::uint64_t i = 0; i < cases; ++i) {
    Case c = draw_case(20251129, i, options).value();
    if (i % 3 == 0) c.problem.pass = Pass::backward;
    if (i % 5 == 0 && c.layout.page == 0 && c.layout.padding != Padding::packed) c.layout.hole = 7;
    for (const Way way : ways_of(c)) {
      const Handing handing(way, i % 4 == 1);
      const Answer one = ask_case(*first, hopper(), c, handing),
                   two = ask_case(*second, hopper(), c, handing);
      ASSERT_EQ(one, two) << print(c) << " by " << name_of(way);
      ASSERT_NE(one.said, Said::unasked) << print(c) << " by " << name_of(way) << ": " << one.why;
    }
  }
}

}  // namespace
}  // namespace flashdiff::cudnn
