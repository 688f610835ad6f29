#include "properties/tests/softcuda/faults/pairs.h"

#include <gmock/gmock.h>

#include "properties/tests/softcuda/exec/on_machine.h"

/// Every planted fault is reported at its own line, under every order of warps and with copies at once and
/// late; no correct twin raises anything.
namespace softcuda::testing {
namespace {

using check::FaultKind;

const std::map<std::string, FaultKind> kKinds{{"shared_race", FaultKind::shared_race},
                                              {"copy_race", FaultKind::copy_race},
                                              {"global_race", FaultKind::global_race},
                                              {"unwritten_value", FaultKind::unwritten_value},
                                              {"divergent_barrier", FaultKind::divergent_barrier},
                                              {"barrier_count", FaultKind::barrier_count},
                                              {"absent_member", FaultKind::absent_member},
                                              {"uncommitted_copy", FaultKind::uncommitted_copy},
                                              {"divergent_sync", FaultKind::divergent_sync},
                                              {"deadlock", FaultKind::deadlock},
                                              {"out_of_bounds", FaultKind::out_of_bounds},
                                              {"misaligned", FaultKind::misaligned},
                                              {"null_pointer", FaultKind::null_pointer},
                                              {"wrong_space", FaultKind::wrong_space},
                                              {"constant_written", FaultKind::constant_written},
                                              {"trap", FaultKind::trap}};

/// `in` holds 1024 small numbers, `out` 512 zeros, `scratch` has never been written.
std::vector<check::Report> reports_of(const Pair& pair, const std::string& twin) {
  static std::map<std::string, std::unique_ptr<exec::Image>> images;
  auto& image = images[pair.file];
  if (image == nullptr) image = compiled(pair.file);
  if (image == nullptr || image->kernel(pair.name + twin) == nullptr) {
    ADD_FAILURE() << "no kernel " << pair.name << twin;
    return {};
  }
  std::vector<float> numbers(1024);
  for (std::size_t k = 0; k < numbers.size(); ++k) numbers[k] = static_cast<float>(k % 7);
  const OnDevice<float> in(numbers), out(std::vector<float>(512));
  const std::uint64_t scratch = *machine().memory().allocate(1024);
  machine().reset_reports();
  const auto done =
      machine().launch(*image->kernel(pair.name + twin), {pair.grid, 1, 1}, {pair.block, 1, 1}, 0,
                       parameters(in.address(), out.address(), std::uint64_t{1024}, scratch),
                       pair.cooperative ? exec::LaunchKind::cooperative : exec::LaunchKind::ordinary);
  if (!done && done.error().refused != exec::LaunchError::none)
    ADD_FAILURE() << name_of(done.error().refused);
  EXPECT_TRUE(machine().memory().free(scratch));
  return machine().reports();
}

/// A marker that is not read would leave a pair untested.
TEST(PairsOfKernels, AreAllRead) {
  std::size_t kernels = 0;
  for (const char* file : {"races", "copies", "blocks", "grids", "unwritten", "synchronisation", "memory"}) {
    std::ifstream text(std::string(KERNELS) + "/" + file + ".cu");
    for (std::string line; std::getline(text, line);)
      kernels += static_cast<std::size_t>(line.find("_wrong(") != std::string::npos);
  }
  EXPECT_EQ(all_pairs().size(), kernels);
  EXPECT_GE(kernels, 25u);
}

class Pairs : public ::testing::TestWithParam<Pair> {};

template <class Look>
void under_every_order(Look look) {
  using exec::WarpOrder;
  for (const WarpOrder order :
       {WarpOrder::round_robin, WarpOrder::reversed, WarpOrder::random, WarpOrder::far_ahead}) {
    for (const bool late : {false, true}) {
      const WithSettings some([&](auto& s) {
        s.checks = {true, true, true, true, true};
        s.warp_order = order;
        s.modes.late_copies = late;
        s.modes.seed = 7;
      });
      SCOPED_TRACE("warp order " + std::to_string(static_cast<int>(order)) + (late ? ", late copies" : ""));
      look();
    }
  }
}

TEST_P(Pairs, ThePlantedFaultIsReportedAtItsLine) {
  const Pair& pair = GetParam();
  ASSERT_FALSE(pair.faults.empty());
  under_every_order([&] {
    const auto reports = reports_of(pair, "_wrong");
    EXPECT_FALSE(reports.empty()) << "nothing was found";
    for (const check::Report& report : reports) {
      EXPECT_TRUE(pair.marked(report.line)) << report.text;
      EXPECT_THAT(report.file, ::testing::HasSubstr(pair.file + ".cu"));
      bool planted = false;
      for (const auto& [line, kinds] : pair.faults) {
        for (const std::string& kind : kinds)
          planted = planted ||
                    (kKinds.at(kind) == report.kind && (line == report.line || line == report.other_line));
      }
      EXPECT_TRUE(planted) << report.text;
      if (report.other_line != 0 && report.kind != FaultKind::unwritten_value) {
        EXPECT_TRUE(pair.marked(report.other_line)) << report.text;
      }
    }
  });
}

TEST_P(Pairs, TheCorrectTwinRaisesNothing) {
  under_every_order([&] {
    for (const check::Report& report : reports_of(GetParam(), "_right")) ADD_FAILURE() << report.text;
  });
}

INSTANTIATE_TEST_SUITE_P(Faults, Pairs, ::testing::ValuesIn(all_pairs()),
                         [](const auto& info) { return info.param.file + "_" + info.param.name; });

}  // namespace
}  // namespace softcuda::testing
