#include "reports/site.h"

#include <functional>

#include "reports/html.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

using detail::Shown;

/// A page: what it tells is one or several templates, filled by the functions that fill them on the single
/// page.
struct Plan {
  const char *file, *name, *words;
  std::vector<const char*> templates;
  bool (*there)(const Report&);
  void (*fill)(View&, const Report&, const Shown&);
};

bool always(const Report&) { return true; }

const std::vector<Plan>& plans() {
  using namespace detail;
  static const std::vector<Plan> all{
      {"index.html", "Overview", "", {"index.mustache"}, always, fill_index},
      {"correctness.html",
       "Correctness",
       "layout by mask and phase by dtype, budgets, passes, classes",
       {"overview.mustache", "details.mustache"},
       always,
       [](View& root, const Report& report, const Shown& shown) {
         fill_overview(root, report, shown);
         fill_details(root, report, shown);
       }},
      {"failures.html",
       "Failures",
       "where, how far, and the command that shows it",
       {"findings.mustache"},
       [](const Report& report) { return report.total.failed > 0; },
       fill_findings},
      {"cases.html", "Cases", "some of the cases behind each number", {"cases.mustache"}, always, fill_cases},
      {"performance.html",
       "Performance",
       "how fast, how much of the work is useful, and what keeps kernels from more",
       {"bench.mustache"},
       [](const Report& report) { return !report.bench.empty(); },
       fill_bench},
      {"power.html",
       "Power",
       "planted bugs, and what killed them",
       {"power.mustache"},
       [](const Report& report) { return !report.hunted.empty(); },
       [](View& root, const Report& report, const Shown&) { fill_power(root, report); }},
      {"generation.html",
       "Padding side",
       "which padding side is safe for whom",
       {"generation.mustache"},
       [](const Report& report) { return !report.generation.empty(); },
       [](View& root, const Report& report, const Shown&) { fill_generation(root, report); }},
      {"known.html",
       "What others do",
       "what a vendor's attention does that a caller would not expect",
       {"known.mustache"},
       [](const Report& report) { return !report.known.empty(); },
       [](View& root, const Report& report, const Shown&) { fill_known(root, report); }},
      {"support.html",
       "Support",
       "what cuDNN supports, asked without a GPU",
       {},
       [](const Report& report) { return !report.support.empty(); },
       nullptr},
      {"history.html",
       "History",
       "run by run",
       {"history.mustache"},
       [](const Report& report) { return report.history.size() > 1; },
       [](View& root, const Report& report, const Shown&) { fill_history(root, report); }},
      {"context.html",
       "Context",
       "where and on what the runs were made",
       {"context.mustache"},
       always,
       [](View& root, const Report& report, const Shown&) { fill_context(root, report); }}};
  return all;
}

ViewList navigation(const Report& report, const Plan& current) {
  ViewList pages;
  for (const Plan& plan : plans()) {
    if (!plan.there(report)) continue;
    View page;
    page.set("file", plan.file);
    page.set("name", plan.name);
    page.set("words", plan.words);
    page.set("current", View(&plan == &current));
    pages.push_back(page);
  }
  return pages;
}

std::string body_of(const Plan& plan, const Report& report, const Shown& shown) {
  if (plan.fill == nullptr) return report.support;
  View root;
  plan.fill(root, report, shown);
  if (plan.fill == detail::fill_index) {
    ViewList more;
    for (const View& page : navigation(report, plan))
      if (page.get("words")->string_value() != "") more.push_back(page);
    root.set("any_more", View(!more.empty()));
    root.set("more", more);
  }
  std::string body;
  for (const char* file : plan.templates) body += render(file, root, markup_escaped);
  return body;
}

}  // namespace

std::vector<SitePage> site_pages(const Report& report) {
  const Shown shown = detail::shown_of(report, true);
  std::vector<SitePage> pages;
  for (const Plan& plan : plans()) {
    if (!plan.there(report)) continue;
    View root;
    detail::fill_head(root, report);
    root.set("page_name", plan.name);
    root.set("is_index", View(pages.empty()));
    root.set("pages", navigation(report, plan));
    root.set("body", body_of(plan, report, shown));
    pages.push_back({plan.file, render("site.mustache", root, markup_escaped)});
  }
  return pages;
}

const std::vector<std::string>& site_files() {
  static const auto all = [] {
    std::vector<std::string> files;
    for (const Plan& plan : plans()) files.emplace_back(plan.file);
    return files;
  }();
  return all;
}

}  // namespace flashdiff
