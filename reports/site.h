#pragma once
#include <string>
#include <vector>

#include "reports/model.h"

namespace flashdiff {

/// A page of the site, by the name of its file. Pages lead to each other by these names, and to nothing else:
/// they open from a disk, and can be published as they are.
struct SitePage {
  std::string file, html;
};

/// index.html first, then those that have something to tell. No page needs JavaScript or another file.
[[nodiscard]] std::vector<SitePage> site_pages(const Report& report);

/// Every file that a site may have: one that is not written this time is of the time before.
[[nodiscard]] const std::vector<std::string>& site_files();

}  // namespace flashdiff
