#include "properties/tests/reports/page_in_browser.h"

// How every page looks and behaves; site_in_browser_test.cpp: where a site's numbers and keys lead.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::PageInBrowser;
using ::testing::IsEmpty;

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
