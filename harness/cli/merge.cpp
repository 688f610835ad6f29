#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/run/store.h"

namespace flashdiff::cli {
namespace {

struct MergeOptions {
  std::vector<std::filesystem::path> stores;
  std::filesystem::path out;
  bool partial = false;
};

int run(const MergeOptions& options) {
  const auto merged = Store::merge(options.stores, options.out, options.partial);
  if (!merged) return complain(merged.error());
  for (const std::string& missing : merged->missing) fmt::print(stderr, "missing: {}\n", missing);
  fmt::print(stderr, "{} of {} stores: {} cases in {}\n",
             merged->runs == 1 ? "1 run" : fmt::format("{} runs", merged->runs), options.stores.size(),
             merged->cases, options.out.string());
  return merged->missing.empty() ? as_expected : incomplete;
}

}  // namespace

void add_merge(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      program.add_subcommand("merge", "puts stores together: the shards of a run become one run");
  command->add_option("STORE", options->stores, "files that `flashdiff check --store` wrote")
      ->required()
      ->type_name("STORE");
  command->add_option("-o,--out", options->out, "the new store")->required()->type_name("FILE");
  command->add_flag("--partial", options->partial, "though shards are missing: their run stays unfinished");
  command->footer(
      "Exit code 0, 2 where a shard is missing or there twice (nothing is written then), 5 with --partial "
      "and a "
      "shard missing.\n\n"
      "Example:\n  flashdiff check --cases 4000 --seed 7 --shard 1/4 --store part1.db   # on each of four "
      "machines\n"
      "  flashdiff merge part*.db -o run.db");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
