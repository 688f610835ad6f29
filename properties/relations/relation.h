#pragma once
#include <span>
#include <string>
#include <vector>

#include "properties/relations/trial.h"

namespace flashdiff::relations {

/// How answers to different questions are to one another, whatever the right answer is (DESIGN, The oracle,
/// rule 5): a sentence that needs no reference, held to what both answers' own budgets allow and to nothing
/// else. One file each, which defines a function of its name; CMakeLists.txt lists them.
struct Relation {
  const char* name;          ///< "ones-in-v": in verdicts, stores and `flashdiff properties`
  const char* says;          ///< its statement, "V = 1 gives O = 1"
  std::vector<Pass> passes;  ///< of which it says something
  const char* needs;         ///< what else of a backend and of a case, in words; may be empty
  /// Empty where it says something of the case, which is of one of its passes; else why not.
  std::string (*why_not)(const Case& c, const Numerics& numerics);
  /// Asks what has to be asked, and compares: trial.found has what came of it. Errors: those of
  /// Trial::answer, as they are.
  Outcome<void> (*hold)(Trial& trial);
};

/// All of them, in the order of CMakeLists.txt.
[[nodiscard]] std::span<const Relation> relations();

/// The one of that name, or nothing.
[[nodiscard]] const Relation* relation_named(const std::string& name);

}  // namespace flashdiff::relations
