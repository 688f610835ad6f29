#include "reports/support_classes.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/numbers.h"
#include "reports/support_counts.h"

namespace flashdiff::detail {
namespace {

using nlohmann::json;
using Place = std::array<std::size_t, 3>;  ///< way, phase, mask
using Rest = std::array<std::string, 4>;   ///< element type, head dim, modifier, order in memory

constexpr std::size_t kReasonExamples = 3;

std::size_t number_of(const std::string& value, const std::vector<std::string>& values) {
  return static_cast<std::size_t>(std::ranges::find(values, value) - values.begin());
}

Place place_of(const json& entry, const ClassAxes& axes) {
  return {number_of(entry.at("handed"), axes.ways), number_of(entry.at("phase"), axes.phases),
          number_of(entry.at("mask"), axes.masks)};
}

std::string class_name(const Place& place, const ClassAxes& axes) {
  return fmt::format("{}, {}, mask {}", axes.ways[place[0]], axes.phases[place[1]], axes.masks[place[2]]);
}

std::tuple<std::string, std::string, std::string> key_of(const json& entry) {
  return {entry.at("said"), entry.at("by"), entry.at("why")};
}

/// A class's line, and what each profile said of it.
struct Class {
  std::string line;
  std::vector<const json*> said;  ///< one a profile; null: it was not asked
};
/// Classes in the order of the first profile that has any.
struct Group {
  std::vector<Rest> order;
  std::map<Rest, Class> classes;
};

std::map<Place, Group> groups_of(const json& profiles, const ClassAxes& axes) {
  std::map<Place, Group> groups;
  for (std::size_t p = 0; p < profiles.size(); ++p)
    for (const json& entry : profiles[p].at("classes")) {
      Group& group = groups[place_of(entry, axes)];
      const Rest rest{entry.at("dtype"), entry.at("dims"), entry.at("modifier"), entry.at("memory")};
      const auto [at, is_new] = group.classes.try_emplace(rest);
      if (is_new) {
        group.order.push_back(rest);
        at->second = {entry.at("case"), std::vector<const json*>(profiles.size(), nullptr)};
      }
      at->second.said[p] = &entry;
    }
  return groups;
}

/// Of each profile: where a reason stands.
using Reasons = std::vector<std::map<std::tuple<std::string, std::string, std::string>, std::string>>;

Reasons reasons_of(const json& profiles) {
  Reasons all;
  for (const json& profile : profiles) {
    auto& reasons = all.emplace_back();
    const std::vector<WhyNot> sorted = why_not(profile);
    for (std::size_t i = 0; i < sorted.size(); ++i)
      reasons[{sorted[i].said, sorted[i].by, sorted[i].why}] =
          fmt::format("#{}", reason_anchor(profile.at("name"), i));
  }
  return all;
}

View class_view(const Rest& rest, const Class& one, const Reasons& reasons) {
  ViewList answers;
  for (std::size_t p = 0; p < one.said.size(); ++p) {
    View answer;
    const json* entry = one.said[p];
    const std::string said = entry == nullptr ? "–" : entry->at("said").get<std::string>();
    answer.set("said", said);
    answer.set("face", said == "yes" ? "pass" : said == "no" ? "fail" : "none");
    answer.set("by", entry == nullptr ? "" : entry->at("by").get<std::string>());
    const bool leads = entry != nullptr && said != "yes";
    answer.set("link", leads ? View(reasons[p].at(key_of(*entry))) : View(false));
    answers.push_back(answer);
  }
  View view;
  view.set("name", fmt::format("{}, d {}, {}, {}", rest[0], rest[1], rest[2], rest[3]));
  view.set("line", one.line);
  view.set("answers", answers);
  return view;
}

}  // namespace

ClassAxes axes_of(const json& profiles) {
  return {values_of(profiles, "handed"), values_of(profiles, "phase"), values_of(profiles, "mask")};
}

std::string class_anchor(std::size_t way, std::size_t phase, std::size_t mask) {
  return fmt::format("class-{}-{}-{}", way, phase, mask);
}
std::string way_anchor(const ClassAxes& axes, const std::string& way) {
  return fmt::format("way-{}", number_of(way, axes.ways));
}
std::string reason_anchor(const std::string& profile, std::size_t number) {
  return fmt::format("why-{}-{}", profile, number);
}

std::vector<WhyNot> why_not(const json& profile) {
  std::map<std::tuple<std::string, std::string, std::string>, WhyNot> found;
  for (const json& entry : profile.at("classes")) {
    if (entry.at("said") == "yes") continue;
    WhyNot& reason = found[key_of(entry)];
    std::tie(reason.said, reason.by, reason.why) = key_of(entry);
    ++reason.count;
    if (reason.examples.size() < kReasonExamples)
      reason.examples.push_back(
          fmt::format("{} · {}", entry.at("handed").get<std::string>(), entry.at("case").get<std::string>()));
  }
  std::vector<WhyNot> sorted;
  for (auto& [key, reason] : found) sorted.push_back(std::move(reason));
  std::ranges::stable_sort(sorted, std::ranges::greater{}, &WhyNot::count);
  return sorted;
}

void fill_classes(View& root, const json& profiles, const ClassAxes& axes) {
  const std::map<Place, Group> groups = groups_of(profiles, axes);
  const Reasons reasons = reasons_of(profiles);
  ViewList ways;
  for (std::size_t w = 0; w < axes.ways.size(); ++w) {
    ViewList told;
    std::int64_t count = 0;
    for (const auto& [place, group] : groups) {
      if (place[0] != w) continue;
      ViewList classes;
      for (const Rest& rest : group.order)
        classes.push_back(class_view(rest, group.classes.at(rest), reasons));
      count += std::ssize(classes);
      View view;
      view.set("anchor", class_anchor(place[0], place[1], place[2]));
      view.set("group", class_name(place, axes));
      view.set("classes", classes);
      told.push_back(view);
    }
    View way;
    way.set("anchor", fmt::format("way-{}", w));
    way.set("way", axes.ways[w]);
    way.set("words", flashdiff::counted(count, "class", "classes"));
    way.set("groups", told);
    ways.push_back(way);
  }
  root.set("ways", ways);
}

void fill_axes(View& root, const json& profiles, const ClassAxes& axes) {
  ViewList told;
  for (const auto& [name, key] : {std::pair{"element type", "dtype"},
                                  {"head dim", "dims"},
                                  {"modifier", "modifier"},
                                  {"memory", "memory"}}) {
    const std::vector<std::string> values = values_of(profiles, key);
    ViewList rows;
    for (std::size_t v = 0; v < values.size(); ++v) {
      const std::string anchor = fmt::format("axis-{}-{}", key, v);
      ViewList cells, places;
      std::map<Place, Count> counts;
      for (const json& profile : profiles) {
        cells.push_back(cell_of(count_where(profile, {{key, values[v]}}), anchor));
        for (const json& entry : profile.at("classes"))
          if (entry.at(key) == values[v]) add(entry, counts[place_of(entry, axes)]);
      }
      for (const auto& [place, count] : counts) {
        View view = cell_of(count, class_anchor(place[0], place[1], place[2]));
        view.set("group", class_name(place, axes));
        places.push_back(view);
      }
      View row;
      row.set("name", values[v]);
      row.set("anchor", anchor);
      row.set("cells", cells);
      row.set("places", places);
      rows.push_back(row);
    }
    View axis;
    axis.set("axis", name);
    axis.set("rows", rows);
    told.push_back(axis);
  }
  root.set("axes", told);
}

}  // namespace flashdiff::detail
