#pragma once
#include <rapidcheck.h>

#include "harness/oracle/verdict.h"
#include "harness/run/record.h"

namespace flashdiff::test {

/// Any verdict of any kind, with numbers that are not finite among others, and texts of any bytes that are
/// UTF-8.
[[nodiscard]] rc::Gen<Verdict> any_verdict();

/// A record as a run stores it; id 0.
[[nodiscard]] rc::Gen<CaseRecord> any_record();

}  // namespace flashdiff::test
