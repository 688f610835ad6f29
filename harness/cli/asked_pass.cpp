#include "harness/cli/asked_pass.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/names.h"

namespace flashdiff::cli {
namespace {

std::vector<BackendEntry> named_backends(const CheckOptions& options) {
  std::vector<BackendEntry> named;
  for (const std::string& name : options.subject.backends)
    for (const BackendEntry& entry : backend_registry())
      if (entry.name == name) named.push_back(entry);
  return named;
}

std::string passes_of(const BackendEntry& entry) {
  std::vector<const char*> names;
  for (Pass pass : all_of<Pass>)
    if (entry.computes(pass)) names.push_back(name_of(pass));
  return fmt::format("{} ({})", entry.name, fmt::join(names, ", "));
}

bool all_compute(const std::vector<BackendEntry>& entries, Pass pass) {
  return std::all_of(entries.begin(), entries.end(),
                     [pass](const BackendEntry& entry) { return entry.computes(pass); });
}

Outcome<Pass> pass_of(const CheckOptions& options) {
  const std::vector<BackendEntry> entries = named_backends(options);
  if (options.pass.empty()) {
    for (Pass pass : all_of<Pass>)
      if (all_compute(entries, pass)) return pass;
    std::vector<std::string> words;
    for (const BackendEntry& entry : entries) words.push_back(passes_of(entry));
    return bad_input(
        fmt::format("--backend {}: expected backends that compute the same pass", fmt::join(words, ", ")));
  }
  const Pass pass = *named<Pass>(options.pass);
  for (const BackendEntry& entry : entries)
    if (!entry.computes(pass))
      return bad_input(fmt::format("--backend {}: expected one that computes the {} pass, as --pass says",
                                   passes_of(entry), options.pass));
  return pass;
}

}  // namespace

Outcome<Pass> asked_pass(const CheckOptions& options) {
  const Outcome<Pass> pass = pass_of(options);
  if (!pass) return pass;
  if (*pass != Pass::forward && !options.activations.empty())
    return bad_input(fmt::format("--activations with the {} pass: expected forward, of which captures are",
                                 name_of(*pass)));
  if (*pass == Pass::append && !options.masks.empty())
    return bad_input("--mask with the append pass: expected no mask, it has no scores");
  return pass;
}

}  // namespace flashdiff::cli
