#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "properties/tests/reports/browser.h"
#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"
#include "reports/site.h"

// The single page and every page of the site in a real browser. FLASHDIFF_PICTURES=DIR keeps pictures of
// every window; FLASHDIFF_PAGE=FILE looks at that page instead of those made by hand, FLASHDIFF_PAGE=DIR at
// all of a site.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::Browser;
using test::Window;
using testing::IsEmpty;

class PageInBrowser : public testing::Test {
 protected:
  void SetUp() override {
    if (browser() == nullptr)
      GTEST_SKIP() << "SKIPPED: no chromium on PATH, so nobody has looked at the page";
    if (const char* given = std::getenv("FLASHDIFF_PAGE"); given != nullptr) {
      page_ = fs::absolute(given);
      if (fs::is_directory(page_)) {
        add_all_of(page_);
        page_ /= "index.html";
      } else {
        pages_ = {page_};
      }
      return;
    }
    made_ = fs::path(testing::TempDir()) / fmt::format("flashdiff-pages-{}", getpid());
    fs::create_directories(made_ / "site");
    page_ = made_ / "page.html";
    Report report = test::report_with_everything();
    std::ofstream(page_, std::ios::binary) << html_page(report);
    for (const SitePage& page : site_pages(report))
      std::ofstream(made_ / "site" / page.file, std::ios::binary) << page.html;
    pages_ = {page_};
    add_all_of(made_ / "site");
  }
  void add_all_of(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".html") pages_.push_back(entry.path());
    std::ranges::sort(pages_);
  }
  void TearDown() override {
    std::error_code ignored;
    if (!made_.empty()) fs::remove_all(made_, ignored);
  }

  static Browser* browser() { return browser_.get(); }
  static void SetUpTestSuite() { browser_ = Browser::start(); }
  static void TearDownTestSuite() { browser_.reset(); }

  void keep_picture(const fs::path& page, const Window& w) {
    const char* folder = std::getenv("FLASHDIFF_PICTURES");
    if (folder == nullptr) return;
    const auto name =
        fmt::format("{}-{}x{}-{}.png", page.stem().string(), w.width, w.height, w.dark ? "dark" : "light");
    std::ofstream(fs::path(folder) / name, std::ios::binary) << browser()->picture();
  }
  void look(const fs::path& page, const Window& window) {
    browser()->open(page, window);
    EXPECT_THAT(browser()->complaints(), IsEmpty());
    const int beyond = browser()->evaluate("document.documentElement.scrollWidth - innerWidth");
    EXPECT_LE(beyond, 0) << page.filename() << " at " << window.width
                         << " pixels the page is too wide; first element beyond the edge: "
                         << browser()->evaluate(
                                "[...document.body.querySelectorAll('*')].filter(e => "
                                "!e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth + 1)"
                                ".map(e => e.outerHTML.slice(0, 200))[0] ?? 'none'");
    keep_picture(page, window);
  }

  fs::path page_, made_;
  std::vector<fs::path> pages_;

 private:
  static inline std::unique_ptr<Browser> browser_;
};

TEST_F(PageInBrowser, FitsEveryWindowWithoutAComplaint) {
  for (const fs::path& page : pages_)
    for (const auto& [width, height] : {std::pair{360, 800}, {768, 1024}, {1280, 900}, {1920, 1080}})
      for (const bool dark : {false, true})
        if (!dark || width == 1280 || page == page_)
          look(page, {.width = width, .height = height, .dark = dark});
}

TEST_F(PageInBrowser, ReadsWithoutScript) {
  for (const fs::path& page : pages_) {
    SCOPED_TRACE(page);
    browser()->open(page, {.script = false});
    EXPECT_THAT(browser()->complaints(), IsEmpty());
    EXPECT_EQ(
        browser()->evaluate("[...document.querySelectorAll('button.copy')].filter(b => !b.hidden).length"), 0)
        << "a button that does nothing";
    EXPECT_GT(browser()->evaluate("document.querySelector('.badge').innerText.length"), 0);
  }
}

TEST_F(PageInBrowser, DarkIsDark) {
  const std::string luminance =
      "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).reduce((a, b) => a + +b, "
      "0)";
  browser()->open(page_, {.dark = true});
  EXPECT_LT(browser()->evaluate(luminance), 3 * 60);
  browser()->open(page_, {.dark = false});
  EXPECT_GT(browser()->evaluate(luminance), 3 * 200);
}

/// Contrast of every text with what lies behind it, by WCAG 2.2 (1.4.3): at least 4.5, or 3 for large text.
const char* const too_faint = R"js((() => {
  const rgba = (c) => { const n = c.match(/[0-9.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255]; };
  const faint = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.closest('svg, script, style, .sr, [hidden]')) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const a = light(rgba(style.color)), b = light(behind(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (contrast < (large ? 3 : 4.5)) faint.add(contrast.toFixed(2) + ': ' + e.outerHTML.slice(0, 90));
  }
  return [...faint];
})())js";

TEST_F(PageInBrowser, TextCanBeRead) {
  for (const fs::path& page : pages_)
    for (const bool dark : {false, true}) {
      browser()->open(page, {.dark = dark});
      EXPECT_EQ(browser()->evaluate(too_faint), nlohmann::json::array())
          << page.filename() << (dark ? ", dark" : ", light");
    }
}

TEST_F(PageInBrowser, IdsStandOnceAndLinksLeadSomewhere) {
  std::map<std::string, std::set<std::string>> ids;  // of each file
  std::vector<std::array<std::string, 3>> links;     // from, to, fragment
  for (const fs::path& page : pages_) {
    SCOPED_TRACE(page);
    browser()->open(page, {});
    const auto all = browser()->evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)");
    for (const auto& id : all)
      EXPECT_TRUE(ids[page.string()].insert(id.get<std::string>()).second) << id << " stands twice";
    for (const auto& link :
         browser()->evaluate("[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))"
                             ".filter(href => !/^https?:/.test(href))")) {
      const std::string href = link.get<std::string>();
      const std::size_t hash = std::min(href.find('#'), href.size());
      const fs::path to = hash == 0 ? page : page.parent_path() / href.substr(0, hash);
      links.push_back({page.string(), to.string(), hash < href.size() ? href.substr(hash + 1) : ""});
    }
  }
  for (const auto& [from, to, fragment] : links) {
    ASSERT_TRUE(ids.contains(to)) << from << " links to " << to << ", which is not there";
    EXPECT_TRUE(fragment.empty() || ids[to].contains(fragment))
        << from << " links to " << to << "#" << fragment << ", which is not there";
  }
}

TEST_F(PageInBrowser, TablesSayWhatTheirCellsAre) {
  for (const fs::path& page : pages_) {
    SCOPED_TRACE(page);
    browser()->open(page, {});
    EXPECT_EQ(browser()->evaluate("[...document.querySelectorAll('th:not([scope])')].length"), 0);
    EXPECT_EQ(browser()->evaluate(
                  "[...document.querySelectorAll('svg:not([aria-hidden]):not([aria-label])')].length"),
              0);
    EXPECT_EQ(browser()->evaluate("document.querySelectorAll('h1, main, nav').length"), 3);
  }
}

TEST_F(PageInBrowser, EveryPageOfASiteHasTheSameNavigation) {
  nlohmann::json first;
  for (const fs::path& page : pages_) {
    if (page == page_) continue;
    SCOPED_TRACE(page);
    browser()->open(page, {});
    const auto found = browser()->evaluate(
        "[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href') + ' ' + a.textContent)");
    if (first.is_null()) first = found;
    EXPECT_EQ(found, first);
    EXPECT_EQ(browser()->evaluate("document.querySelector('nav a[aria-current=page]').getAttribute('href')"),
              page.filename().string());
  }
}

TEST_F(PageInBrowser, AKeyboardComesToTheContentFirst) {
  for (const fs::path& page : pages_) {
    if (page == page_) continue;
    SCOPED_TRACE(page);
    browser()->open(page, {});
    EXPECT_EQ(browser()->evaluate("(() => { const skip = document.querySelector('a, button, input');"
                                  "const hidden = skip.getBoundingClientRect().right < 0; skip.focus();"
                                  "const r = skip.getBoundingClientRect(), style = getComputedStyle(skip);"
                                  "return hidden && skip.className == 'skip' && r.left >= 0 && r.top >= 0 &&"
                                  "style.outlineStyle != 'none' && skip.hash == '#content'; })()"),
              true);
  }
}

class HandMadePageInBrowser : public PageInBrowser {
 protected:
  void SetUp() override {
    if (std::getenv("FLASHDIFF_PAGE") != nullptr) GTEST_SKIP() << "FLASHDIFF_PAGE is another page";
    PageInBrowser::SetUp();
  }
};

TEST_F(HandMadePageInBrowser, CopyButtonSaysThatItCopied) {
  browser()->open(page_, {});
  browser()->click("button.copy");
  EXPECT_EQ(browser()->evaluate("new Promise(done => setTimeout(() => "
                                "done(document.querySelector('button.copy').textContent), 300))"),
            "copied");
}

TEST_F(HandMadePageInBrowser, FilterLeavesWhatHasAllWords) {
  browser()->open(page_, {});
  (void)browser()->evaluate(
      "(() => { const f = document.getElementById('filter'); f.value = 'CRASH packed'; f.dispatchEvent(new "
      "Event('input')); })()");
  EXPECT_EQ(browser()->evaluate("[...document.querySelectorAll('article:not([hidden])')].map(a => a.id)"),
            nlohmann::json::array({"case-14"}));
}

TEST_F(HandMadePageInBrowser, ADeepLinkOpensItsList) {
  browser()->open(page_, {}, "#case-2");
  EXPECT_EQ(browser()->evaluate("document.getElementById('case-2').closest('details').open"), true);
}

TEST_F(HandMadePageInBrowser, MarkupOfAStoreIsText) {
  browser()->open(page_, {});
  EXPECT_EQ(browser()->evaluate("document.querySelector('#case-14 .explain').textContent"),
            "the process died: signal 11 <SIGSEGV> & \"more\"\xef\xbf\xbd");
}

}  // namespace
}  // namespace flashdiff
