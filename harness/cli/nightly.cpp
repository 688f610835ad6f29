#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/night.h"
#include "harness/cli/stop.h"
#include "harness/cli/version.h"
#include "properties/power/images.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

struct NightlyOptions {
  std::string profile = "nightly", device;
  fs::path config, out;
  bool resume = false;
  double brief = 0;  ///< seconds a check; 0: as long as the profile says
  int jobs = 0;
  TerminalWords terminal;
};

const fs::path kNights = "out/nightly";

Outcome<Profile> profile_of(const NightlyOptions& options) {
  const fs::path folder = power::workshop_of_this_build().sources / "properties" / "profiles";
  if (!options.config.empty()) return read_profile(options.config, options.device);
  std::error_code none;
  if (const fs::path file = folder / (options.profile + ".toml"); fs::exists(file, none))
    return read_profile(file, options.device);
  std::string names;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.path().extension() == ".toml")
      names += (names.empty() ? "" : ", ") + entry.path().stem().string();
  return bad_input(
      fmt::format("--profile {}: expected one of: {}; or --config FILE", options.profile, names));
}

/// The latest night below out/nightly that has not come to its end; empty: none.
fs::path unfinished_folder() {
  std::vector<fs::path> folders;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(kNights, none))
    if (fs::exists(entry.path() / "night.db", none)) folders.push_back(entry.path());
  std::ranges::sort(folders, std::ranges::greater());
  for (const fs::path& folder : folders) {
    const auto store = Store::open_readonly(folder / "night.db");
    const auto night = store ? unfinished_night(*store) : Outcome<std::optional<NightRecord>>();
    if (night && *night) return folder;
  }
  return {};
}

Outcome<fs::path> folder_of(const NightlyOptions& options, std::time_t now) {
  if (!options.out.empty()) return options.out;
  if (!options.resume) return kNights / fmt::format("{:%Y-%m-%d_%H%M%S}", fmt::gmtime(now));
  const fs::path found = unfinished_folder();
  if (found.empty())
    return bad_input(
        fmt::format("--resume: no night below {} that was ended before its time", kNights.string()));
  return found;
}

/// The night that goes on, or a new one.
Outcome<NightRecord> night_of(const NightlyOptions& options, const Profile& profile, const Store& store,
                              const fs::path& file, std::time_t now) {
  if (!options.resume) {
    const auto today = std::stoull(fmt::format("{:%Y%m%d}", fmt::gmtime(now)));
    return NightRecord{fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)),
                       profile.text,
                       commit(),
                       this_writer(),
                       today,
                       {},
                       false};
  }
  auto night = unfinished_night(store);
  if (!night) return tl::unexpected<Error>(night.error());
  if (!*night)
    return bad_input(fmt::format("--resume: {} has no night that was ended before its time", file.string()));
  for (const auto& [what, same] :
       {std::pair{"profile", (*night)->profile == profile.text}, {"program", (*night)->commit == commit()}})
    if (!same)
      return bad_input(
          fmt::format("--resume: the night that was ended in {} is of another {}, expected the same",
                      file.string(), what));
  if (still_writes((*night)->writer))
    return bad_input(fmt::format("--resume: process {} still writes {}", (*night)->writer, file.string()));
  (*night)->writer = this_writer();
  return **night;
}

Outcome<ExitCode> nightly(const NightlyOptions& options) {
  Outcome<Profile> profile = profile_of(options);
  if (!profile) return tl::unexpected<Error>(profile.error());
  if (options.brief > 0) profile = in_small(std::move(*profile), options.brief);
  const std::time_t now = std::time(nullptr);
  const auto folder = folder_of(options, now);
  if (!folder) return tl::unexpected<Error>(folder.error());
  const fs::path file = *folder / "night.db";
  std::error_code failed;
  if (const bool there = fs::exists(file, failed); there != options.resume)
    return bad_input(
        there ? fmt::format("{}: is there already, expected --resume, or another folder", file.string())
              : fmt::format("{}: no such file, expected a night that was ended before its time",
                            file.string()));
  fs::create_directories(*folder, failed);
  Outcome<Store> store = Store::open(file);
  if (!store) return tl::unexpected<Error>(store.error());
  Outcome<NightRecord> night = night_of(options, *profile, *store, file, now);
  if (!night) return tl::unexpected<Error>(night.error());
  if (auto kept = keep(*store, *night); !kept) return tl::unexpected<Error>(kept.error());
  fmt::print(stderr, "{}, seed {} where none is named, into {}\n", profile->title, night->seed,
             folder->string());
  Night under_way(std::move(*profile), std::move(*night), std::move(*store), *folder, options.jobs,
                  options.terminal, stop_on_signals());
  return under_way.run();
}

}  // namespace

void add_nightly(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<NightlyOptions>();
  CLI::App* command = program.add_subcommand(
      "nightly",
      "all of it in one go: corpus, random cases by time, planted bugs, what kernels execute, report");
  auto* profile =
      command
          ->add_option("--profile", options->profile,
                       "smoke (minutes), nightly, soak (a weekend): a file of properties/profiles")
          ->type_name("NAME")
          ->capture_default_str();
  command->add_option("--config", options->config, "a profile of your own")
      ->type_name("FILE.toml")
      ->excludes(profile);
  command
      ->add_option("-o,--out", options->out,
                   "folder to make: night.db, bench.json, site (default: out/nightly/DATE_TIME)")
      ->type_name("DIR");
  command->add_flag(
      "--resume", options->resume,
      "go on with a night that was ended before its time, in --out or the latest below out/nightly: of the\n"
      "same profile and program");
  command
      ->add_option(
          "--brief", options->brief,
          "the profile in small, to try it out: no check takes longer than this (10s, 2m), a tenth of the "
          "planted\nbugs is hunted, times are taken once")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}},
                                        CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->check(CLI::Range(1e-3, 1e9, "a positive time"));
  command->add_option("--device", options->device, "auto, gpu or soft, instead of what the profile says")
      ->check(CLI::IsMember({"auto", "gpu", "soft"}));
  command->add_option("--jobs", options->jobs, "worker processes (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  add_terminal_options(*command, options->terminal);
  command->footer(
      "Lines of failing cases and paths of reports go to stdout. A step that fails does not keep the others "
      "from running.\n"
      "Exit code, the worst of: 1 a kernel is wrong or a planted bug survives, 3 a step failed, 4 a counter "
      "is worse than\n"
      "the golden one, 5 ended before its time or nothing was judged.\n\n"
      "Examples:\n  flashdiff nightly --profile smoke\n  flashdiff nightly --device gpu -o /data/night && "
      "cat /data/night/site/report.md");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = nightly(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
