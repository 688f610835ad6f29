#include "reports/write.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "reports/annotations.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/site.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;

/// The whole file or none of it: a reader (or a CI's upload) never meets half a page.
Outcome<void> replace_file(const fs::path& path, const std::string& bytes) {
  const fs::path part = fs::path(path).concat(".part");
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code failed;
  if (out) fs::rename(part, path, failed);
  if (out && !failed) return {};
  std::error_code ignored;
  fs::remove(part, ignored);
  return bad_input(
      fmt::format("{}: cannot be written{}; expected a folder with room that this user may write to",
                  path.string(), failed ? " (" + failed.message() + ")" : ""));
}

Outcome<void> write_pages(const Report& report, const fs::path& out_dir) {
  const std::vector<SitePage> pages = report.options.single_file
                                          ? std::vector<SitePage>{{"index.html", html_page(report)}}
                                          : site_pages(report);
  // A page that has nothing to tell this time would go on telling what it told the last time.
  std::error_code ignored;
  for (const std::string& file : site_files())
    if (std::ranges::find(pages, file, &SitePage::file) == pages.end()) fs::remove(out_dir / file, ignored);
  for (const SitePage& page : pages)
    if (auto written = replace_file(out_dir / page.file, page.html); !written) return written;
  return {};
}

}  // namespace

Outcome<ReportFiles> write_files(const Report& report, const fs::path& out_dir) {
  std::error_code failed;
  fs::create_directories(out_dir, failed);
  if (failed)
    return bad_input(
        fmt::format("{}: is no folder and cannot be made one ({})", out_dir.string(), failed.message()));
  const ReportFiles files{out_dir / "index.html",
                          out_dir / "report.md",
                          out_dir / "junit.xml",
                          report.conclusion,
                          report.why,
                          annotations(report, report.options.source_root)};
  return write_pages(report, out_dir)
      .and_then([&] { return replace_file(files.markdown, markdown(report)); })
      .and_then([&] { return replace_file(files.junit, junit_xml(report)); })
      .map([&] { return files; });
}

}  // namespace flashdiff
