#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "properties/tests/reports/browser.h"
#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"
#include "reports/site.h"

namespace flashdiff::test {

/// The single page and every page of the site in a real browser. FLASHDIFF_PICTURES=DIR keeps pictures of
/// every window; FLASHDIFF_PAGE=FILE looks at that page instead of those made by hand, FLASHDIFF_PAGE=DIR at
/// all of a site.
class PageInBrowser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (browser() == nullptr)
      GTEST_SKIP() << "SKIPPED: no chromium on PATH, so nobody has looked at the page";
    if (const char* given = std::getenv("FLASHDIFF_PAGE"); given != nullptr) {
      page_ = std::filesystem::absolute(given);
      if (std::filesystem::is_directory(page_)) {
        add_all_of(page_);
        page_ /= "index.html";
      } else {
        pages_ = {page_};
      }
      return;
    }
    made_ = std::filesystem::path(::testing::TempDir()) / fmt::format("flashdiff-pages-{}", getpid());
    std::filesystem::create_directories(made_ / "site");
    page_ = made_ / "page.html";
    Report report = report_with_everything();
    std::ofstream(page_, std::ios::binary) << html_page(report);
    for (const SitePage& page : site_pages(report))
      std::ofstream(made_ / "site" / page.file, std::ios::binary) << page.html;
    pages_ = {page_};
    add_all_of(made_ / "site");
  }
  void add_all_of(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".html") pages_.push_back(entry.path());
    std::ranges::sort(pages_);
  }
  void TearDown() override {
    std::error_code ignored;
    if (!made_.empty()) std::filesystem::remove_all(made_, ignored);
  }

  static Browser* browser() { return browser_.get(); }
  static void SetUpTestSuite() { browser_ = Browser::start(); }
  static void TearDownTestSuite() { browser_.reset(); }

  void keep_picture(const std::filesystem::path& page, const Window& w) {
    const char* folder = std::getenv("FLASHDIFF_PICTURES");
    if (folder == nullptr) return;
    const auto name = fmt::format("{}-{}x{}-{}.png", page.stem().string(), w.width, w.height,
                                  w.print  ? "print"
                                  : w.dark ? "dark"
                                           : "light");
    std::ofstream(std::filesystem::path(folder) / name, std::ios::binary) << browser()->picture();
  }
  void look(const std::filesystem::path& page, const Window& window) {
    browser()->open(page, window);
    EXPECT_THAT(browser()->complaints(), ::testing::IsEmpty());
    const int beyond = browser()->evaluate("document.documentElement.scrollWidth - innerWidth");
    EXPECT_LE(beyond, 0) << page.filename() << " at " << window.width
                         << " pixels the page is too wide; first element beyond the edge: "
                         << browser()->evaluate(
                                "[...document.body.querySelectorAll('*')].filter(e => "
                                "!e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth + 1)"
                                ".map(e => e.outerHTML.slice(0, 200))[0] ?? 'none'");
    keep_picture(page, window);
  }

  std::filesystem::path page_, made_;
  std::vector<std::filesystem::path> pages_;

 private:
  static inline std::unique_ptr<Browser> browser_;
};

}  // namespace flashdiff::test
