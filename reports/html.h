#pragma once
#include <map>
#include <string>
#include <vector>

#include "reports/model.h"
#include "reports/templates.h"

namespace flashdiff {

/// All on one page: one file, no request to anywhere, readable without JavaScript.
[[nodiscard]] std::string html_page(const Report& report);

namespace detail {

/// The failures of a report as the page shows them: the foremost findings as cards, the others as rows.
struct Shown {
  std::vector<Finding> cards;
  std::vector<std::size_t> rows;           ///< indices into Report::cases
  std::int64_t untold = 0;                 ///< failures that have neither
  std::map<std::int64_t, std::string> at;  ///< where a link to a case leads: "#case-7"
  bool site = false;                       ///< on pages of their own: "failures.html#case-7"
};
[[nodiscard]] Shown shown_of(const Report& report, bool site = false);

/// What every page begins and ends with: verdict, title, style.
void fill_head(View& root, const Report& report);
/// Counts at the top; with links to the pages of a site.
[[nodiscard]] ViewList tiles_of(const Report& report, bool site);

/// Fill the tags of overview.mustache, findings.mustache, known.mustache, details.mustache,
/// generation.mustache, bench.mustache, power.mustache and context.mustache.
void fill_overview(View& root, const Report& report, const Shown& shown);
void fill_findings(View& root, const Report& report, const Shown& shown);
void fill_known(View& root, const Report& report);
void fill_details(View& root, const Report& report, const Shown& shown);
void fill_generation(View& root, const Report& report);
void fill_bench(View& root, const Report& report, const Shown& shown);
void fill_power(View& root, const Report& report);
void fill_context(View& root, const Report& report);

/// What index.mustache, cases.mustache and history.mustache need besides, see site.h.
void fill_index(View& root, const Report& report, const Shown& shown);
void fill_cases(View& root, const Report& report, const Shown& shown);
void fill_history(View& root, const Report& report);

/// Where the cases behind a number are told: ANCHOR on the page of a site, nothing without one.
[[nodiscard]] View link_to_cases(const Shown& shown, const std::string& anchor, bool any);
/// Who agrees with whom about the case of a line, where that was kept.
void fill_cross(View& card, const Report& report, const std::string& line);
/// Tags that a card and a row of a failure share.
void fill_identity(View& view, const CaseRecord& record);
/// "3 wrong, 20 pass".
[[nodiscard]] std::string in_words(const Tally& tally);

/// What matrix.mustache needs; the cells' cases stand at "ANCHOR-ROW-COLUMN".
[[nodiscard]] View matrix_view(const Matrix& matrix, const Shown& shown, const std::string& anchor);
/// "1.23" of a budget.
[[nodiscard]] View use_view(const char* tensor, const CaseUse& use, const Report& report, const Shown& shown);

}  // namespace detail
}  // namespace flashdiff
