#pragma once
#include "reports/summarise.h"

namespace flashdiff::test {

/// What a small store could hold, made by hand: two backends, every kind of verdict, failures that shrink to
/// the same case, a capture, a reason twice, text that would be markup. Nothing in it depends on the machine
/// or the day.
[[nodiscard]] Told told_by_hand();

/// The same two thousand times over, so that a page meets its limits; every seventh case fails, each in its
/// own way.
[[nodiscard]] Told told_by_thousands();

/// A run in which all is well.
[[nodiscard]] Told told_all_right();

/// What `flashdiff power` has kept: a mutant that was killed, one that survived, one that is killed otherwise
/// than its file says, a kernel as it is with a false alarm, two rules of other projects.
void hunt_by_hand(Told& told);

/// What `flashdiff backends --matrix --json` writes, of two GPUs, one of which could not be asked.
[[nodiscard]] std::string support_by_hand();

/// A mismatch of somebody else's function, of which that is known.
[[nodiscard]] KnownFinding known_by_hand();

/// Two conventions of `flashdiff generate`, one of them unsafe on the left.
[[nodiscard]] GenerationTable generation_by_hand();

/// All of that, a second run, what changed since a base, figures: every page of a site has something to tell.
[[nodiscard]] Report report_with_everything();

/// A map of `rows` x `columns` with a wrong tile in it and one cell that is not a number.
[[nodiscard]] ErrorMap map_with_wrong_tile(int rows, int columns);

}  // namespace flashdiff::test
