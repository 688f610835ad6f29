#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/lint/step.h"

namespace flashdiff::lint {

/// A note tells; a warning is wrong for some callers; an error is wrong. Exit code 1 from a warning on.
enum class Level : std::uint8_t { note, warning, error };
[[nodiscard]] const char* name_of(Level);

/// What holds for all steps.
struct Settings {
  int page = 16;              ///< rows a page of the K/V cache
  std::optional<int> window;  ///< of the model: a query sees itself and so many keys before it
  bool alibi = false;         ///< the model adds a bias by distance
};

/// What a rule looks at.
struct Seen {
  const Step& step;
  const Settings& settings;
  const Step* before = nullptr;   ///< the step before of the same batch
  const Step* against = nullptr;  ///< another mask of the same batch
};

/// What a rule found.
struct Found {
  std::string message;  ///< what is there, with its numbers; rows stand in `rows`
  std::vector<int> rows;
  std::optional<Level> level{};  ///< where it is not the rule's own
};

/// One finding as data: its code, what is said of it, and the function that looks for it.
struct Rule {
  const char* code;  ///< "FD001"
  const char* name;  ///< "empty-row"
  Level level;
  const char* title;        ///< one line
  const char* advice;       ///< one sentence
  const char* explanation;  ///< what `--explain` tells
  std::optional<Found> (*find)(const Seen&);
};

struct Finding {
  const Rule* rule = nullptr;
  Level level = Level::note;
  std::size_t step = 0;
  std::string message;
  std::vector<int> rows;
};

/// "row 3", "rows 0, 2 and 5", "rows 0, 1, 2, 3, 4, 5 and 93 more".
[[nodiscard]] std::string in_words(const std::vector<int>& rows);

}  // namespace flashdiff::lint
