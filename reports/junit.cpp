#include "reports/junit.h"

#include <iterator>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "harness/problem/case.h"
#include "reports/facts.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

enum class Ending { success, failure, error, skipped };

Ending ending_of(const Verdict& verdict) {
  struct Of {
    Ending operator()(const verdict::Pass&) const { return Ending::success; }
    Ending operator()(const verdict::PassWeak&) const { return Ending::success; }
    Ending operator()(const verdict::Mismatch&) const { return Ending::failure; }
    Ending operator()(const verdict::PaddingTouched&) const { return Ending::failure; }
    Ending operator()(const verdict::Bias&) const { return Ending::failure; }
    Ending operator()(const verdict::BrokenRelation&) const { return Ending::failure; }
    Ending operator()(const verdict::NotEquivalent&) const { return Ending::failure; }
    Ending operator()(const verdict::Fault&) const { return Ending::error; }
    Ending operator()(const verdict::Crash&) const { return Ending::error; }
    Ending operator()(const verdict::Timeout&) const { return Ending::error; }
    Ending operator()(const verdict::Unsupported&) const { return Ending::skipped; }
    Ending operator()(const verdict::NotExecuted&) const { return Ending::skipped; }
  };
  return std::visit(Of{}, verdict);
}

struct Totals {
  std::int64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;

  void add(Ending ending, double took) {
    ++tests;
    failures += ending == Ending::failure ? 1 : 0;
    errors += ending == Ending::error ? 1 : 0;
    skipped += ending == Ending::skipped ? 1 : 0;
    seconds += took;
  }
  [[nodiscard]] std::string attributes() const {
    return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.3f}")", tests, failures,
                       errors, skipped, seconds);
  }
};

double seconds_of(const CaseRecord& record) { return 1e-3 * (record.device_ms + record.reference_ms); }

std::string class_of(const CaseRecord& record) {
  return flashdiff::class_of(record.backend, parse_case(record.line));
}

/// One testsuite, written as its cases come.
class Suite {
 public:
  void add(const CaseRecord& record, const CaseRecord* shrunk, const ReportOptions& options) {
    const Ending ending = ending_of(record.verdict);
    totals_.add(ending, seconds_of(record));
    open(class_of(record), unique(one_line(record.line)), seconds_of(record));
    if (ending == Ending::success) {
      body_ += "/>\n";
      return;
    }
    body_ += ">";
    if (ending == Ending::skipped)
      skip(record);
    else
      blame(ending == Ending::error ? "error" : "failure", record, shrunk, options);
    body_ += "</testcase>\n";
  }

  /// Counted now and told at the end, one testcase for all that ended alike.
  void add_together(const Together& more) {
    const Ending ending = ending_of(more.verdict);
    const std::string what =
        ending == Ending::skipped ? one_line(explain(more.verdict)) : name_of(more.verdict);
    Alike& alike = alike_[{more.class_name, what}];
    alike.ending = ending;
    alike.count += more.count;
    alike.seconds += more.seconds;
  }
  [[nodiscard]] std::int64_t blamed() const { return totals_.failures + totals_.errors; }

  std::string xml(const std::string& name, const std::string& attributes, const std::string& properties) {
    for (const auto& [key, alike] : alike_) close(key.first, key.second, alike);
    return fmt::format("<testsuite name=\"{}\" {}{}>\n{}{}</testsuite>\n", markup_escaped(name),
                       totals_.attributes(), attributes, properties, body_);
  }
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  struct Alike {
    Ending ending = Ending::success;
    std::int64_t count = 0;
    double seconds = 0;
  };

  void open(const std::string& class_name, const std::string& name, double seconds) {
    fmt::format_to(std::back_inserter(body_), R"(<testcase classname="{}" name="{}" time="{:.3f}")",
                   markup_escaped(class_name), markup_escaped(name), seconds);
  }
  void close(const std::string& class_name, const std::string& what, const Alike& alike) {
    totals_.add(alike.ending, alike.seconds);
    open(class_name, fmt::format("{} more: {}", counted(alike.count, "case", "cases"), what), alike.seconds);
    constexpr const char* elements[] = {"", "failure", "error", "skipped"};
    if (alike.ending != Ending::success)
      fmt::format_to(std::back_inserter(body_), R"(><{} message="{}"/></testcase>)",
                     elements[static_cast<int>(alike.ending)], markup_escaped(what));
    else
      body_ += "/>";
    body_ += "\n";
  }
  void skip(const CaseRecord& record) {
    fmt::format_to(std::back_inserter(body_), R"(<skipped message="{}"/>)",
                   markup_escaped(one_line(explain(record.verdict))));
  }
  void blame(const char* element, const CaseRecord& record, const CaseRecord* shrunk,
             const ReportOptions& options) {
    const std::string repro = repro_command(options, shrunk != nullptr ? *shrunk : record);
    std::string text = explain(record.verdict) + "\nrepro: " + repro + "\n";
    if (shrunk != nullptr) text += "as drawn: " + repro_command(options, record) + "\n";
    if (const auto* fault = std::get_if<verdict::Fault>(&record.verdict))
      text += shortened(fault->report, 4000) + "\n";
    fmt::format_to(std::back_inserter(body_), R"(<{0} type="{1}" message="{2}">{3}</{0}>)", element,
                   name_of(record.verdict), markup_escaped(one_line(explain(record.verdict) + " | " + repro)),
                   markup_escaped(text));
  }
  /// GitLab drops a name that it has seen without a word.
  std::string unique(std::string name) {
    const int seen = ++names_[name];
    return seen == 1 ? name : fmt::format("{} ({})", name, seen);
  }

  Totals totals_;
  std::string body_;
  std::unordered_map<std::string, int> names_;
  std::map<std::pair<std::string, std::string>, Alike> alike_;
};

std::string properties_of(const Report& report) {
  std::string properties = "<properties>\n";
  for (const Fact& fact : facts_of(report.runs))
    fmt::format_to(std::back_inserter(properties), "<property name=\"{}\" value=\"{}\"/>\n", fact.name,
                   markup_escaped(one_line(joined(fact))));
  return properties + "</properties>\n";
}

/// timestamp and hostname of a suite; the common schema wants the time without a zone.
std::string when_and_where(const Report& report) {
  if (report.runs.empty()) return "";
  const RunContext& run = report.runs.front();
  return fmt::format(R"( timestamp="{}" hostname="{}")", markup_escaped(run.started_utc.substr(0, 19)),
                     markup_escaped(run.host));
}

}  // namespace

std::string junit_xml(const Report& report) {
  std::unordered_map<std::int64_t, const CaseRecord*> shrunk_of;
  for (const CaseRecord& record : report.shrunk) shrunk_of[*record.shrunk_from] = &record;
  const bool together = report.total.cases() > most_junit_cases;
  static_assert(most_junit_cases <= most_whole, "a case that is named has to be held");

  std::map<std::string, Suite> suites;
  for (const CaseRecord& record : report.cases) {
    Suite& suite = suites[record.backend];
    if (together && !is_failure(record.verdict)) continue;  // it is among report.together
    if (together && suite.blamed() >= most_junit_cases) {
      suite.add_together({record.backend, class_of(record), record.verdict, 1, seconds_of(record)});
    } else {
      const auto shrunk = shrunk_of.find(record.id);
      suite.add(record, shrunk == shrunk_of.end() ? nullptr : shrunk->second, report.options);
    }
  }

  for (const Together& more : report.together) suites[more.backend].add_together(more);

  Totals all;
  std::string body;
  for (auto& [backend, suite] : suites) {
    body += suite.xml(report.options.title + "." + backend, when_and_where(report), properties_of(report));
    const Totals& totals = suite.totals();
    all = {all.tests + totals.tests, all.failures + totals.failures, all.errors + totals.errors,
           all.skipped + totals.skipped, all.seconds + totals.seconds};
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
      markup_escaped(report.options.title), all.attributes(), body);
}

}  // namespace flashdiff
