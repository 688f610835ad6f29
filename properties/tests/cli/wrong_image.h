#pragma once
#include <string>

namespace flashdiff::test {

/// PTX file of flash_forward_simt with a planted bug (tail keys are scored 0); compiled by the first test
/// that asks.
[[nodiscard]] std::string wrong_image();
/// As `--image` takes it.
[[nodiscard]] std::string wrong_image_option();

}  // namespace flashdiff::test
