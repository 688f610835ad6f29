#include "harness/run/crossed.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run/json_number.h"

namespace flashdiff {
namespace {

using detail::number;
using detail::number_of;
using nlohmann::json;

Crossed crossed_from(const json& j) {
  Crossed crossed;
  crossed.witnesses = j.at("witnesses").get<std::vector<std::string>>();
  for (const json& pair : j.at("pairs")) {
    const json& at = pair.at("at");
    crossed.pairs.push_back({pair.at("one"),
                             pair.at("other"),
                             number_of(pair.at("use")),
                             {TensorRole::o, at.at(0), at.at(1), at.at(2), at.at(3)}});
  }
  crossed.alone = j.at("alone").get<std::vector<std::size_t>>();
  crossed.decided = j.at("decided");
  crossed.in = j.value("in", "");
  return crossed;
}

bool names_all(const Crossed& crossed) {
  const std::size_t all = crossed.witnesses.size();
  return std::ranges::all_of(crossed.pairs,
                             [&](const Compared& pair) { return pair.one < all && pair.other < all; }) &&
         std::ranges::all_of(crossed.alone, [&](std::size_t i) { return i < all; });
}

}  // namespace

std::string text_of(const Crossed& crossed) {
  json pairs = json::array();
  for (const Compared& pair : crossed.pairs)
    pairs.push_back({{"one", pair.one},
                     {"other", pair.other},
                     {"use", number(pair.use)},
                     {"at", {pair.worst.sequence, pair.worst.head, pair.worst.row, pair.worst.column}}});
  return json{{"witnesses", crossed.witnesses},
              {"pairs", std::move(pairs)},
              {"alone", crossed.alone},
              {"decided", crossed.decided},
              {"in", crossed.in}}
      .dump();
}

Outcome<Crossed> crossed_of(const std::string& text) {
  try {
    Crossed crossed = crossed_from(json::parse(text));
    if (names_all(crossed)) return crossed;
    return bad_input("a cross-examination names a witness who is not there");
  } catch (const std::exception& e) {  // nlohmann's own errors, and a word that is no number
    return bad_input(fmt::format("a cross-examination cannot be read: {}", e.what()));
  }
}

}  // namespace flashdiff
