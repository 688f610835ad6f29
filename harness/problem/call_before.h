#pragma once
#include "harness/problem/case.h"

namespace flashdiff {

/// What the call before a case asked, as the case's `after` says; a function of the case alone. `itself`: the
/// same. `another`: the same but for its sequences, in reverse order and longer (128 keys each, which are a
/// split more of any decode kernel here, and 64 queries where there are more than a few), and for its values,
/// of another seed: of a forward pass huge ones, so that what is left of them is larger than what comes. Its
/// own `after` is nothing. Throws where there was no call before.
[[nodiscard]] Case call_before(const Case& c);

}  // namespace flashdiff
