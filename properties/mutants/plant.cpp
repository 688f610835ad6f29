/// plant_mutant MUTANT.toml SOURCE_ROOT OUTPUT: writes the mutant's file with the bug in it. A tool of the
/// build; exit code 2 and one line where it cannot be planted.
#include <fstream>
#include <iostream>

#include "properties/mutants/mutant.h"

namespace {

using flashdiff::bad_input;
using flashdiff::Outcome;

Outcome<void> plant(const std::string& toml, const std::string& root, const std::string& output) {
  const auto mutant = flashdiff::read_mutant(toml);
  if (!mutant) return tl::unexpected(mutant.error());
  const auto text = flashdiff::planted_in(root, *mutant);
  if (!text) return bad_input(toml + ": " + text.error().what);
  std::ofstream written(output);
  written << *text;
  written.close();
  if (!written) return bad_input(output + ": cannot be written");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: plant_mutant MUTANT.toml SOURCE_ROOT OUTPUT\n";
    return 2;
  }
  if (const auto done = plant(argv[1], argv[2], argv[3]); !done) {
    std::cerr << "plant_mutant: " << done.error().what << "\n";
    return 2;
  }
  return 0;
}
