#pragma once
#include <set>
#include <string>
#include <vector>

#include "reports/model.h"
#include "reports/templates.h"

namespace flashdiff {

/// The page: one file, no request to anywhere, readable without JavaScript.
[[nodiscard]] std::string html_page(const Report& report);

namespace detail {

/// The failures of a report as the page shows them: the foremost findings as cards, the others as rows.
struct Shown {
  std::vector<Finding> cards;
  std::vector<std::size_t> rows;  ///< indices into Report::cases
  std::int64_t untold = 0;        ///< failures that have neither
  std::set<std::int64_t> ids;     ///< cases that a link can lead to
};
[[nodiscard]] Shown shown_of(const Report& report);

/// Fill the tags of overview.mustache, findings.mustache, details.mustache, generation.mustache,
/// bench.mustache, power.mustache and context.mustache.
void fill_overview(View& root, const Report& report, const Shown& shown);
void fill_findings(View& root, const Report& report, const Shown& shown);
void fill_details(View& root, const Report& report, const Shown& shown);
void fill_generation(View& root, const Report& report);
void fill_bench(View& root, const Report& report);
void fill_power(View& root, const Report& report);
void fill_context(View& root, const Report& report);

/// What matrix.mustache needs.
[[nodiscard]] View matrix_view(const Matrix& matrix);
/// "1.23" of a budget.
[[nodiscard]] View use_view(const char* tensor, const CaseUse& use, const Report& report, const Shown& shown);

}  // namespace detail
}  // namespace flashdiff
