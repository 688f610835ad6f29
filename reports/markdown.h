#pragma once
#include <string>

#include "reports/model.h"

namespace flashdiff {

/// What a job summary may hold (1 MiB at GitHub's, per step) and a reader may bear.
inline constexpr std::size_t markdown_limit = 60'000;

/// GitHub-flavoured Markdown, always under markdown_limit bytes: long reports tell fewer failures and
/// classes, and say that they do.
[[nodiscard]] std::string markdown(const Report& report);

}  // namespace flashdiff
