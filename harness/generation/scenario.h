#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/generation/step.h"

namespace flashdiff::generation {

struct Settings {
  int steps = 6;                  ///< decode steps
  int chunk = 8;                  ///< columns a chunk
  int more = 2;                   ///< columns of padding beside the longest prompt
  std::vector<std::string> only;  ///< conventions by name; empty: all
};

/// A slot of the row where it went wrong, for a picture.
struct SeenSlot {
  Column holds;
  int position = 0;     ///< that K was turned by
  bool seen = false;    ///< by the query
  bool wanted = false;  ///< it should have been
};

/// Where an answer left the truth for the first time.
struct Divergence {
  int step = 0;  ///< of the stage: chunk or decode step, from 0
  int row = 0, head = 0;
  int token = 0;    ///< index in the row's text, whose output it is
  double by = 0;    ///< error over budget of the worst element of that token; infinity for a NaN
  std::string why;  ///< in words
  bool by_caller =
      true;  ///< the keys, positions or columns are wrong; else they are right, and the kernels are wrong
  int query_position = 0;
  std::vector<SeenSlot> slots;
};

/// A greedy token that is another one than the row alone gives, of an output outside of its budget.
struct OtherToken {
  int step = 0, row = 0, wanted = 0, got = 0;
};

/// One cell of the table.
struct Cell {
  Side side = Side::left;
  Stage stage = Stage::prefill;
  const Convention* how = nullptr;
  int outputs = 0;   ///< tokens' outputs that were compared
  double worst = 0;  ///< error over budget, of all of them
  std::optional<Divergence> first;
  std::optional<OtherToken> token;
  std::string backend;  ///< who computed attention
  std::string line;     ///< the case line of the first divergent step, or of the last one
  std::string not_run;  ///< why nothing was compared; else empty
  [[nodiscard]] bool safe() const { return not_run.empty() && !first && !token; }
};

struct Table {
  std::vector<int> prompts;  ///< lengths
  Settings settings;
  std::string device;
  std::string command;      ///< that makes this table again; empty: not known
  std::vector<Cell> cells;  ///< by convention, side, stage
  [[nodiscard]] bool kernels_wrong()
      const;                            ///< somewhere what was handed on was right, and the answer was not
  [[nodiscard]] bool complete() const;  ///< nothing was left out
};

/// Runs every convention with padding on every side. `progress`: called behind each convention and side,
/// with the part that is done. Where a step cannot be run, its cell and those behind it say why.
[[nodiscard]] Table run_scenario(const Asked& asked, const Settings& settings, const Answerers& answerers,
                                 const std::function<void(double)>& progress = {});

}  // namespace flashdiff::generation
