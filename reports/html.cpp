#include "reports/html.h"

#include <algorithm>

#include <fmt/format.h>

#include "reports/embedded.h"
#include "reports/facts.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

struct Face {
  const char *css, *symbol;
};

Face face_of(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::pass: return {"pass", "✓"};
    case Conclusion::fail: return {"fail", "✗"};
    case Conclusion::incomplete: break;
  }
  return {"incomplete", "…"};
}

/// The few facts that belong on the first screen.
ViewList what_of(const Report& report) {
  ViewList what;
  const auto add = [&](const std::string& name, const std::string& value, bool differs) {
    View each;
    each.set("name", name);
    each.set("value", value);
    each.set("differs", View(differs));
    what.push_back(each);
  };
  std::string backends;
  for (const BackendSummary& b : report.backends) backends += (backends.empty() ? "" : ", ") + b.name;
  if (!backends.empty()) add(report.backends.size() == 1 ? "backend" : "backends", backends, false);
  if (report.runs.empty()) return what;
  const std::vector<Fact> facts = facts_of(report.runs);
  for (const char* name : {"device", "driver", "flashdiff", "commit", "host", "seed", "started"})
    for (const Fact& fact : facts)
      if (fact.name == name) {
        // A run of its own seed and hour is the rule; a run on another device is worth a second look.
        const bool expected = fact.name == "seed" || fact.name == "started";
        add(fact.name, joined(fact), fact.differs() && !expected);
      }
  return what;
}

std::string kinds_in_words(const Report& report) {
  std::string words;
  for (const KindCount& kind : report.failures_by_kind)
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", grouped(kind.count), kind.kind);
  return words;
}

std::string most_frequent_reason(const Report& report, const char* kind) {
  for (const Reason& reason : report.reasons)
    if (reason.kind == kind) return shortened(reason.why, 90);
  return "";
}

}  // namespace

namespace detail {

ViewList tiles_of(const Report& report, bool site) {
  ViewList tiles;
  const auto add = [&](const char* state, std::int64_t count, const char* name, const std::string& note,
                       const char* link) {
    View tile;
    tile.set("link", site && count > 0 ? View(std::string(link)) : View(false));
    tile.set("state", count > 0 ? state : "none");
    tile.set("count", grouped(count));
    tile.set("name", name);
    tile.set("has_note", View(!note.empty()));
    tile.set("note", note);
    tiles.push_back(tile);
  };
  const Tally& total = report.total;
  add("fail", total.failed, "wrong", kinds_in_words(report), "failures.html");
  if (const std::int64_t smallest = std::ranges::count_if(
          report.findings, [](const Finding& finding) { return finding.shrunk.has_value(); });
      smallest > 0)
    add("fail", smallest, smallest == 1 ? "smallest case" : "smallest cases", "what failures were shrunk to",
        "failures.html");
  add("pass", total.passed, "pass", "", "correctness.html#passes");
  add("weak", total.weak, "pass-weak", total.weak > 0 ? "a dropped key could hide in the budget" : "",
      "correctness.html#weak");
  add("none", total.unsupported, "unsupported", most_frequent_reason(report, "unsupported"),
      "correctness.html#not-judged");
  add("none", total.not_executed, "not executed", most_frequent_reason(report, "not-executed"),
      "correctness.html#not-judged");
  return tiles;
}

void fill_head(View& root, const Report& report) {
  const Face face = face_of(report.conclusion);
  root.set("title", report.options.title);
  root.set("conclusion", name_of(report.conclusion));
  root.set("conclusion_class", face.css);
  root.set("conclusion_symbol", face.symbol);
  root.set("why", report.why);
  root.set("what", what_of(report));
  root.set("version", report.runs.empty() ? "" : report.runs.back().flashdiff_version);
  root.set("style", std::string(embedded("page.css")));
  root.set("style_hash", std::string(style_hash()));
  root.set("script", std::string(embedded("page.js")));
  root.set("script_hash", std::string(script_hash()));
}

}  // namespace detail

namespace {

ViewList sections_of(const Report& report) {
  ViewList sections;
  const auto add = [&](bool there, const char* id, const char* name) {
    if (!there) return;
    View section;
    section.set("id", id);
    section.set("name", name);
    sections.push_back(section);
  };
  add(true, "overview", "Overview");
  add(report.total.failed > 0, "failures", "Failures");
  add(!report.reasons.empty(), "not-judged", "Not judged");
  add(!report.captures.empty(), "activations", "Real activations");
  add(!report.generation.empty(), "generation", "Which padding side?");
  add(!report.known.empty(), "known", "What others do");
  add(!report.bench.empty(), "bench", "What kernels execute");
  add(!report.hunted.empty(), "power", "Planted bugs");
  add(!report.closest.empty(), "passes", "Passes");
  add(!report.classes.empty(), "classes", "What was drawn");
  add(true, "context", "Context");
  return sections;
}

}  // namespace

std::string html_page(const Report& report) {
  View root;
  detail::fill_head(root, report);
  root.set("tiles", detail::tiles_of(report, false));
  root.set("sections", sections_of(report));
  const detail::Shown shown = detail::shown_of(report);
  detail::fill_overview(root, report, shown);
  detail::fill_findings(root, report, shown);
  detail::fill_details(root, report, shown);
  detail::fill_generation(root, report);
  detail::fill_known(root, report);
  detail::fill_bench(root, report, shown);
  detail::fill_power(root, report);
  detail::fill_context(root, report);
  return render("page.mustache", root, markup_escaped);
}

}  // namespace flashdiff
