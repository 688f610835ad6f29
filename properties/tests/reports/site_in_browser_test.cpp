#include <array>
#include <map>
#include <set>
#include <string>

#include "properties/tests/reports/page_in_browser.h"

// Where a site's numbers, links and keys lead.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::PageInBrowser;
using ::testing::IsEmpty;

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

/// Numbers without a link to what stands behind them: cells of tables, tiles, numbers in drawings and
/// captions. None is needed where the row is the case itself (its line stands in it), within a failure's card
/// or a planted bug's (the command stands there), and in columns of what is measured or counted over cases
/// that nobody keeps one by one; reports/README.md says why. #bench has no cases: its rows name their shapes.
const char* const bare_numbers = R"js((() => {
  const bare_columns = new Set(['time', 'share', 'cuDNN', 'effect', 'seed', 'started', 'commit', 'bytes of its own',
    'most workspace of a plan built', 'drawn', 'answered', 'rejects, of its answers']);
  const found = [];
  let seen = 0;
  const is_number = (e) => /^[^0-9a-z]*[1-9]/i.test(e.textContent.trim()) ||
                           (e.closest('.matrix, .number') !== null && /[1-9]/.test(e.textContent));
  const column = (td) => [...td.closest('table').tHead.rows].pop().cells[td.cellIndex]?.textContent.trim() ?? '';
  const look = (e, has_link, where) => {
    ++seen;
    if (!has_link) found.push(where + ': ' + e.textContent.trim().slice(0, 60));
  };
  for (const td of document.querySelectorAll('td')) {
    if (!is_number(td) || td.closest('#bench, .context, .finding:not(.short)')) continue;
    if (/fd1 b=/.test(td.closest('tr').textContent) || bare_columns.has(column(td))) continue;
    look(td, td.querySelector('a[href]'), column(td));
  }
  for (const b of document.querySelectorAll('.tile b'))
    if (is_number(b)) look(b, b.querySelector('a[href]'), 'tile');
  for (const text of document.querySelectorAll('svg .count')) look(text, text.closest('a[href]'), 'drawing');
  for (const dd of document.querySelectorAll('.uses dd')) look(dd, dd.querySelector('a[href]'), 'use of a budget');
  for (const caption of document.querySelectorAll('figure.panel figcaption'))
    if (/[1-9]/.test(caption.textContent) && !caption.closest('#bench'))
      look(caption, caption.querySelector('a[href]'), 'caption');
  return {found, seen};
})())js";

TEST_F(PageInBrowser, EveryNumberOfASiteLeadsToWhatStandsBehindIt) {
  std::map<std::string, int> seen;
  for (const fs::path& page : pages_) {
    if (page == page_ && page.filename() != "index.html")
      continue;  // all on one page has no other to lead to
    SCOPED_TRACE(page);
    browser()->open(page, {});
    const auto numbers = browser()->evaluate(bare_numbers);
    EXPECT_EQ(numbers["found"], nlohmann::json::array());
    seen[page.stem().string()] = numbers["seen"];
  }
  for (const char* page : {"index", "correctness"}) EXPECT_GT(seen[page], 5) << page;
  if (std::getenv("FLASHDIFF_PAGE") != nullptr) return;
  for (const char* page : {"power", "support", "history"}) EXPECT_GT(seen[page], 5) << page;
}

TEST_F(PageInBrowser, WhatANumberLeadsToTellsTheSameNumber) {
  const fs::path cases = pages_.back().parent_path() / "cases.html";
  if (std::ranges::find(pages_, cases) == pages_.end()) GTEST_SKIP() << "SKIPPED: no page of cases beside it";
  browser()->open(cases, {});
  const auto words = browser()->evaluate(
      "Object.fromEntries([...document.querySelectorAll('.group')].map(g => [g.id, "
      "g.querySelector('h3 small').textContent.match(/[0-9,]*[0-9]/g) ?? []]))");
  int compared = 0;
  for (const fs::path& page : pages_) {
    browser()->open(page, {});
    for (const auto& link : browser()->evaluate(
             "[...document.querySelectorAll('td a[href^=\"cases.html#\"]')]"
             ".filter(a => /^[0-9,]+$/.test(a.textContent) && "
             "!/of a "
             "budget/.test(a.closest('table').tHead.rows[0].cells[a.closest('td').cellIndex].textContent))"
             ".map(a => [a.hash.slice(1), a.textContent])")) {
      const auto& [anchor, number] = link.get<std::array<std::string, 2>>();
      ASSERT_TRUE(words.contains(anchor)) << page.filename() << " leads to " << anchor;
      EXPECT_THAT(words[anchor].get<std::vector<std::string>>(), ::testing::Contains(number))
          << page.filename() << ": " << number << " leads to " << anchor;
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
}

TEST_F(PageInBrowser, TabGoesFromPlaceToPlaceInOrderAndShowsWhere) {
  for (const fs::path& page : pages_) {
    SCOPED_TRACE(page);
    browser()->open(page, {});
    EXPECT_EQ(browser()->evaluate(
                  "[...document.querySelectorAll('[tabindex]')].filter(e => e.tabIndex > 0).length"),
              0);
    int before = -1;
    for (int press = 0; press < 40; ++press) {
      browser()->press_tab();
      const auto at = browser()->evaluate(
          "(() => { const e = document.activeElement; if (e === document.body) return null;"
          "const style = getComputedStyle(e), box = e.getBoundingClientRect();"
          "return {order: [...document.querySelectorAll('*')].indexOf(e), outlined: style.outlineStyle !== "
          "'none' && "
          "parseFloat(style.outlineWidth) > 0, seen: box.width > 0 && box.bottom > 0 && box.top < "
          "innerHeight,"
          "what: e.outerHTML.slice(0, 120)}; })()");
      if (at.is_null()) break;  // behind the last one
      EXPECT_GT(at["order"].get<int>(), before) << at["what"];
      EXPECT_TRUE(at["outlined"]) << at["what"] << " does not show that it has the focus";
      EXPECT_TRUE(at["seen"]) << at["what"] << " has the focus and cannot be seen";
      before = at["order"];
    }
    EXPECT_GT(before, 0) << "nothing took the focus";
  }
}

TEST_F(PageInBrowser, AScreenReaderHasANameForEverythingThatCanBeReached) {
  for (const fs::path& page : pages_) {
    SCOPED_TRACE(page);
    browser()->open(page, {});
    EXPECT_THAT(browser()->unnamed(), IsEmpty());
    // And a heading for every section, of a level that the one above leads to.
    EXPECT_EQ(browser()->evaluate(
                  "(() => { let level = 0; const wrong = [];"
                  "for (const h of document.querySelectorAll('h1,h2,h3,h4')) {"
                  "const now = +h.tagName[1]; if (now > level + 1) wrong.push(h.outerHTML.slice(0, 90));"
                  "level = now; } return wrong; })()"),
              nlohmann::json::array());
  }
}

TEST_F(PageInBrowser, PrintedItHasNoButtonsAndFitsThePaper) {
  for (const fs::path& page : pages_) {
    SCOPED_TRACE(page);
    browser()->open(page, {.width = 1000, .height = 1400, .print = true});
    EXPECT_EQ(
        browser()->evaluate("[...document.querySelectorAll('nav, button, input, .skip')].filter(e => "
                            "e.getBoundingClientRect().width > 0 && e.getBoundingClientRect().right > 0)"
                            ".map(e => e.outerHTML.slice(0, 90))"),
        nlohmann::json::array());
    EXPECT_LE(browser()->evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
    keep_picture(page, {.width = 1000, .height = 1400, .print = true});
  }
}

}  // namespace
}  // namespace flashdiff
