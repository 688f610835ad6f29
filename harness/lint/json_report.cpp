#include <nlohmann/json.hpp>

#include "harness/lint/agreement.h"
#include "harness/lint/forms.h"
#include "harness/lint/side_check.h"
#include "harness/lint/writers.h"

namespace flashdiff::lint {
namespace {

using Json = nlohmann::ordered_json;

Json of_rows(const Step& step) {
  Json rows = Json::array();
  for (int row = 0; row < step.batch(); ++row) {
    const RowFacts& f = step.rows[static_cast<std::size_t>(row)];
    Json one{{"row", row}, {"class", name_of(f.cls)}, {"tokens", f.tokens}};
    one["first"] = f.empty() ? Json() : Json(f.first);
    one["last"] = f.empty() ? Json() : Json(f.last);  // whose logits predict the next token
    one["left_padding"] = f.left_padding;
    one["right_padding"] = f.right_padding;
    one["holes"] = f.holes;
    one["last_column_is_padding"] = f.right_padding > 0;
    rows.push_back(std::move(one));
  }
  return rows;
}

Json of_forms(const Step& step, int page) {
  Json forms = Json::array();
  for (const FormVerdict& verdict : verdicts_on(step, page))
    forms.push_back({{"form", name_of(verdict.form)}, {"fit", name_of(verdict.fit)}, {"why", verdict.why}});
  return forms;
}

Json of_agreements(const Report& report, std::size_t i) {
  Json all = Json::object();
  for (const Agreement& one : agreements(report, i))
    all[one.what] = {{"agrees", one.agrees()}, {"findings", one.codes}};
  return all;
}

Json of_finding(const Finding& finding) {
  return {{"code", finding.rule->code},    {"name", finding.rule->name}, {"level", name_of(finding.level)},
          {"title", finding.rule->title},  {"message", finding.message}, {"rows", finding.rows},
          {"advice", finding.rule->advice}};
}

Json of_step(const Report& report, std::size_t i) {
  const Step& step = report.steps[i];
  const SideCheck check = side_check(step);
  Json findings = Json::array();
  for (const Finding& finding : report.findings)
    if (finding.step == i) findings.push_back(of_finding(finding));
  return {
      {"name", step.name},
      {"verdict", report.count(Level::error, i) + report.count(Level::warning, i) > 0 ? "wrong" : "clean"},
      {"phase", name_of(step.phase)},
      {"phase_assumed", step.phase_assumed},
      {"batch", step.batch()},
      {"kv_len", step.kv_len()},
      {"q_len", step.q_len},
      {"cache_len", step.cache_len()},
      {"free_slots", step.free_slots},
      {"padding_side_check",
       {{"fires", check.fires()},
        {"judgement", name_of(check.judgement)},
        {"last_column_sum", check.last_column}}},
      {"forms", of_forms(step, report.settings.page)},
      {"beside", of_agreements(report, i)},
      {"findings", std::move(findings)},
      {"rows", of_rows(step)}};
}

}  // namespace

std::string as_json(const Report& report) {
  Json steps = Json::array();
  for (std::size_t i = 0; i < report.steps.size(); ++i) steps.push_back(of_step(report, i));
  const Json all{{"format", 1},
                 {"errors", report.count(Level::error)},
                 {"warnings", report.count(Level::warning)},
                 {"notes", report.count(Level::note)},
                 {"page", report.settings.page},
                 {"steps", std::move(steps)}};
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace flashdiff::lint
