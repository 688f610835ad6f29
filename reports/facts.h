#pragma once
#include <string>
#include <vector>

#include "harness/problem/case.h"
#include "reports/model.h"

namespace flashdiff {

/// One line of the context: a value for every run.
struct Fact {
  std::string name;
  std::vector<std::string> values;
  [[nodiscard]] bool differs() const;
};

/// Where and on what the runs were made, in the order of RunContext; "-" where a run did not say.
[[nodiscard]] std::vector<Fact> facts_of(const std::vector<RunContext>& runs);

/// The fact's different values, joined by commas.
[[nodiscard]] std::string joined(const Fact& fact);

/// What one wants to know of a case at a glance: "left", "causal_br", "f16", "decode", "b 3", ...; nothing
/// for a line that this version cannot read.
[[nodiscard]] std::vector<std::string> chips_of(const std::string& line);

/// The command that runs a case again.
[[nodiscard]] std::string repro_command(const ReportOptions& options, const CaseRecord& record);

/// "flash_forward_simt.decode.f16": what a CI's test view groups by; the backend alone for a line that this
/// version cannot read.
[[nodiscard]] std::string class_of(const std::string& backend, const Outcome<Case>& parsed);

/// "within and their share": "37 of 75 fail".
[[nodiscard]] std::string failing_share(const Tally& tally);

}  // namespace flashdiff
