#include "properties/tests/cli/wrong_image.h"

#include "properties/power/images.h"

namespace flashdiff::test {

std::string wrong_image() {
  const auto images = power::Images::open(power::workshop_of_this_build()).value();
  const auto mutant =
      read_mutant(FLASHDIFF_SOURCE_DIR "/properties/mutants/tail_keys_scored_zero.toml").value();
  return images.of(mutant).value().ptx.string();
}

std::string wrong_image_option() { return "flash_forward_simt=" + wrong_image(); }

}  // namespace flashdiff::test
