#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/properties_table.h"

namespace flashdiff::cli {
namespace {

struct PropertiesOptions {
  std::vector<std::filesystem::path> stores;
  bool json = false;
};

int run(const PropertiesOptions& options) {
  std::vector<CountedRelation> all = listed_relations();
  for (const std::filesystem::path& file : options.stores) {
    const auto counted =
        Store::open_readonly(file).and_then([&](const Store& store) { return count_relations(store, all); });
    if (!counted) return complain(counted.error());
  }
  if (options.json)
    fmt::print("{}\n", json_of(all).dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    fmt::print("{}", relations_table(all, !options.stores.empty()));
  return as_expected;
}

}  // namespace

void add_properties(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<PropertiesOptions>();
  CLI::App* command = program.add_subcommand(
      "properties", "lists the relations between answers that cases are held to, and what each has caught");
  command
      ->add_option(
          "store", options->stores,
          "files that `flashdiff check --store` or `power --store` wrote: how often each relation was tried, "
          "held and was broken, and by how many planted bugs")
      ->type_name("STORE");
  command->add_flag("--json", options->json, "for machines: one array");
  command->footer(
      "Counts are of cases as they were drawn, not of those that shrinking made of them. A planted bug "
      "counts where "
      "`power` saw it break the relation, and as the first where nothing else gave it away before.\n\n"
      "Example:\n  flashdiff properties run.db power.db");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
