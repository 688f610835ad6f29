#pragma once
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run/store.h"

namespace flashdiff {

namespace detail {
/// What SQLite complains of, in words that name the file.
[[nodiscard]] Error explained(const std::filesystem::path& file, const SQLite::Exception& e);
}  // namespace detail

/// What is behind a Store, for the room's own sources.
struct Store::Database {
  std::filesystem::path file;
  SQLite::Database sql;

  /// fn(), with SQLite's exceptions as errors that name the file.
  template <class Fn>
  auto guarded(Fn fn) -> Outcome<decltype(fn())> {
    try {
      if constexpr (std::is_void_v<decltype(fn())>) {
        fn();
        return {};
      } else {
        return fn();
      }
    } catch (const SQLite::Exception& e) {
      return tl::unexpected<Error>(detail::explained(file, e));
    } catch (const nlohmann::json::exception& e) {
      return bad_input(fmt::format("{}: a damaged store ({})", file.string(), e.what()));
    }
  }

  int pragma(const char* name);
  /// Errors (bad_input): no store, or one of a newer version.
  [[nodiscard]] Outcome<void> check();
};

}  // namespace flashdiff
