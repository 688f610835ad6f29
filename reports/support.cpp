#include "reports/support.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/embedded.h"
#include "reports/numbers.h"
#include "reports/support_classes.h"
#include "reports/support_counts.h"
#include "reports/templates.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

using detail::cell_of;
using detail::Count;
using detail::count_where;
using nlohmann::json;

constexpr const char* kMatrixFormat = "flashdiff-cudnn-matrix 2";

/// Of one profile. Rows: phase and way; columns: masks.
ViewList rows_of(const json& profile, const detail::ClassAxes& axes) {
  ViewList rows;
  for (std::size_t phase = 0; phase < axes.phases.size(); ++phase)
    for (std::size_t way = 0; way < axes.ways.size(); ++way) {
      ViewList cells;
      for (std::size_t mask = 0; mask < axes.masks.size(); ++mask)
        cells.push_back(cell_of(count_where(profile, {{"phase", axes.phases[phase]},
                                                      {"handed", axes.ways[way]},
                                                      {"mask", axes.masks[mask]}}),
                                detail::class_anchor(way, phase, mask)));
      View row;
      row.set("name", axes.phases[phase]);
      row.set("way", axes.ways[way]);
      row.set("cells", cells);
      rows.push_back(row);
    }
  return rows;
}

/// Of what is no yes: who said so and why, the most frequent first, with examples.
ViewList reasons_of(const json& profile, const std::vector<detail::WhyNot>& reasons) {
  ViewList views;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const detail::WhyNot& reason = reasons[i];
    ViewList examples;
    for (const std::string& one : reason.examples) examples.push_back(View(one));
    View view;
    view.set("anchor", detail::reason_anchor(profile.at("name"), i));
    view.set("said", reason.said);
    view.set("by", reason.by);
    view.set("why", reason.why);
    view.set("count", grouped(reason.count));
    view.set("examples", examples);
    views.push_back(view);
  }
  return views;
}

/// Where the documentation has a word, and cuDNN says something else.
ViewList differences_of(const json& profile) {
  ViewList views;
  for (const json& entry : profile.at("classes")) {
    const std::string documented = entry.at("documented"), said = entry.at("said");
    if (documented.empty() || said == "unasked" || documented == said) continue;
    View view;
    view.set("documented", documented);
    view.set("said", said);
    view.set("why", entry.at("why").get<std::string>());
    view.set("class", fmt::format("{}, {}, {}, {}, d {}", entry.at("phase").get<std::string>(),
                                  entry.at("handed").get<std::string>(), entry.at("mask").get<std::string>(),
                                  entry.at("dtype").get<std::string>(), entry.at("dims").get<std::string>()));
    views.push_back(view);
  }
  return views;
}

ViewList built_of(const json& profile) {
  ViewList views;
  for (const json& entry : profile.at("classes")) {
    if (entry.at("by") != "build") continue;
    View view;
    view.set("said", entry.at("said").get<std::string>());
    view.set("face", entry.at("said") == "yes" ? "pass" : "fail");
    view.set("kernel", entry.at("kernel").get<std::string>());
    view.set("engine", entry.value("engine", ""));
    view.set("why", entry.at("why").get<std::string>());
    view.set("workspace", grouped(entry.value("workspace_bytes", std::int64_t{0})));
    view.set("plan", grouped(entry.at("plan_bytes").get<std::int64_t>()));
    view.set("case", entry.at("case").get<std::string>());
    view.set("handed", entry.at("handed").get<std::string>());
    views.push_back(view);
  }
  return views;
}

ViewList profiles_of(const json& profiles, const detail::ClassAxes& axes) {
  ViewList views;
  for (const json& profile : profiles) {
    const ViewList reasons = reasons_of(profile, detail::why_not(profile)),
                   differences = differences_of(profile), built = built_of(profile);
    View view;
    view.set("name", profile.at("name").get<std::string>());
    view.set("about", profile.at("about").get<std::string>());
    view.set("cudnn", profile.at("cudnn").get<std::string>());
    view.set("by_hand", View(!profile.at("read_off_a_device").get<bool>()));
    view.set("asked", View(profile.at("unasked").get<std::string>().empty()));
    view.set("unasked", profile.at("unasked").get<std::string>());
    view.set("rows", profile.at("classes").empty() ? ViewList() : rows_of(profile, axes));
    view.set("any_reasons", View(!reasons.empty()));
    view.set("reasons", reasons);
    view.set("any_differences", View(!differences.empty()));
    view.set("differences", differences);
    view.set("differences_count", std::to_string(differences.size()));
    view.set("any_built", View(!built.empty()));
    view.set("built", built);
    view.set("built_count", std::to_string(built.size()));
    views.push_back(view);
  }
  return views;
}

/// What every way of handing left padding over costs, whatever cuDNN says.
const char* cost_of(const std::string& way) {
  if (way == "ragged")
    return "an offset a sequence; rows between them are nobody's, and that none is read only a GPU can show";
  if (way == "bias")
    return "a bias element for each query and key; padding is read, so it must hold finite numbers (NaN + "
           "-inf is NaN), and O's padding "
           "rows are written";
  return "Q, K and V are copied together before the call and O apart after it; padding is neither read nor "
         "written";
}

ViewList left_of(const json& profiles, const detail::ClassAxes& axes) {
  ViewList rows;
  for (const char* way : {"ragged", "bias", "compaction"}) {
    const std::string handed = std::string("left: ") + way;
    ViewList cells;
    std::int64_t workspace = 0, bytes = 0, built = 0;
    for (const json& profile : profiles) {
      const Count count = count_where(profile, {{"handed", handed}});
      cells.push_back(cell_of(count, detail::way_anchor(axes, handed)));
      workspace = std::max(workspace, count.workspace);
      built += count.built;
      for (const json& entry : profile.at("classes"))
        if (entry.at("handed") == handed) bytes = std::max(bytes, entry.at("way_bytes").get<std::int64_t>());
    }
    View row;
    row.set("name", way);
    row.set("cells", cells);
    row.set("workspace", built > 0 ? grouped(workspace) : std::string("none built"));
    row.set("bytes", grouped(bytes));
    row.set("cost", cost_of(way));
    rows.push_back(row);
  }
  return rows;
}

View view_of(const json& all) {
  const json& profiles = all.at("profiles");
  const detail::ClassAxes axes = detail::axes_of(profiles);
  ViewList columns;
  for (const std::string& mask : axes.masks) columns.push_back(View(mask));
  Count total;
  for (const json& profile : profiles)
    for (const json& entry : profile.at("classes")) add(entry, total);
  View root;
  root.set("note", all.at("note").get<std::string>());
  root.set("total", fmt::format("{} questions: {} yes ({} of them built), {} no, {} not to be had",
                                grouped(total.all()), grouped(total.yes), grouped(total.built),
                                grouped(total.no), grouped(total.unasked)));
  root.set("any", View(total.all() > 0));
  root.set("profiles", profiles_of(profiles, axes));
  root.set("masks", columns);
  root.set("left", left_of(profiles, axes));
  detail::fill_axes(root, profiles, axes);
  detail::fill_classes(root, profiles, axes);
  root.set("style", std::string(embedded("page.css")));
  root.set("style_hash", std::string(style_hash()));
  return root;
}

Outcome<std::string> rendered(const std::string& text, const char* file) {
  constexpr const char* kExpected = "expected what `flashdiff backends --matrix --json FILE` wrote";
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object() || all.value("format", json()) != kMatrixFormat)
    return bad_input(fmt::format("no {}, {}", kMatrixFormat, kExpected));
  try {
    return render(file, view_of(all), markup_escaped);
  } catch (const json::exception& error) {
    return bad_input(fmt::format("{}, {}", error.what(), kExpected));
  }
}

}  // namespace

Outcome<std::string> support_page(const std::string& text) { return rendered(text, "support.mustache"); }
Outcome<std::string> support_section(const std::string& text) {
  return rendered(text, "support_site.mustache");
}

}  // namespace flashdiff
