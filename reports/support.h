#pragma once
#include <string>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// The page of a support matrix, from what `flashdiff backends --matrix --json FILE` wrote: one file, no
/// request to anywhere, readable without JavaScript. Errors (bad_input): text that is not of that format.
[[nodiscard]] Outcome<std::string> support_page(const std::string& text);

/// What stands between that page's head and foot, for a page of a site.
[[nodiscard]] Outcome<std::string> support_section(const std::string& text);

}  // namespace flashdiff
