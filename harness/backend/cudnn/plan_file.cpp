#include "harness/backend/cudnn/plan_file.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/problem/hashes.h"

namespace flashdiff::cudnn {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "flashdiff_plan";

json head_of(const PlanMaker& maker, const std::string& key) {
  return {{kFormat, 1}, {"cudnn", maker.cudnn}, {"sm", maker.sm}, {"device", maker.device}, {"graph", key}};
}

}  // namespace

std::string plan_file(const std::string& folder, const PlanMaker& maker, const std::string& key) {
  return fmt::format("{}/sm_{}-cudnn{}-{:016x}.plan", folder, maker.sm, maker.cudnn, detail::fnv1a(key));
}

Outcome<void> write_plan(const std::string& file, const PlanMaker& maker, const std::string& key,
                         const std::vector<std::uint8_t>& plan) {
  std::ofstream out(file, std::ios::binary);
  out << head_of(maker, key).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  out.write(reinterpret_cast<const char*>(plan.data()), static_cast<std::streamsize>(plan.size()));
  out.close();
  if (!out) return bad_input(file + ": cannot be written");
  return {};
}

Outcome<std::vector<std::uint8_t>> read_plan(const std::string& file, const PlanMaker& maker,
                                             const std::string& key) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return unsupported(file + " is not there");
  std::string line;
  std::getline(in, line);
  const json head = json::parse(line, nullptr, false);
  if (!head.is_object() || head.value(kFormat, 0) != 1)
    return unsupported(file + " is no plan of flashdiff's");
  const json expected = head_of(maker, key);
  for (const auto& [name, wanted] : expected.items()) {
    if (head.contains(name) && head.at(name) == wanted) continue;
    if (name == "graph") return unsupported(file + " is of another graph with the same hash");
    return unsupported(fmt::format("{} has {} {}, not {}", file, name,
                                   head.contains(name) ? head.at(name).dump() : "none", wanted.dump()));
  }
  return std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {});
}

}  // namespace flashdiff::cudnn
