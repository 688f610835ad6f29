#include "properties/tests/reports/told_by_hand.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "properties/tests/reports/bench_by_hand.h"
#include "reports/performance.h"
#include "reports/support.h"

namespace flashdiff::test {
namespace {

const char* const simt = "flash_forward_simt";
const char* const vendor = "vendor<sdpa>";

RunContext run_by_hand() {
  RunContext run;
  run.flashdiff_version = "0.1.0";
  run.commit = "3f2c9ab";
  run.host = "lab-7";
  run.cpu = "A processor of 8 cores";
  run.os = "Debian GNU/Linux 12 (bookworm)";
  run.compiler = "GNU 12.2.0";
  run.nvcc = "13.0.88";
  run.device = "softcuda sm_80";
  run.driver = "softcuda 13.0";
  run.command_line = "flashdiff check --cases 16 --seed 7 --store run.db";
  run.started_utc = "2026-03-04T05:06:07Z";
  run.seed = 7;
  return run;
}

struct Line {
  const char *text, *layout, *mask, *phase, *dtype;
};
constexpr Line lines[] = {
    {"fd1 b=2 hq=4 hk=2 d=64 dv=128 dt=f16 lay=left q=100,130 kv=100,130 mask=causal_br data=normal seed=0x1",
     "left", "causal_br", "prefill", "f16"},
    {"fd1 b=3 hq=2 hk=1 d=32 dv=32 dt=bf16 lay=right q=1,1,1 kv=5,64,12 mask=none data=rising seed=0x2",
     "right", "none", "decode", "bf16"},
    {"fd1 b=2 hq=1 hk=1 d=40 dv=40 dt=f32 lay=packed mem=bhsd q=3,9 kv=17,33 mask=window:4,0 data=uniform "
     "seed=0x3",
     "packed", "window", "chunked", "f32"},
    {"fd1 b=1 hq=3 hk=3 d=16 dv=16 dt=f16 lay=both pad=2 q=9 kv=4 mask=causal_tl data=huge seed=0x4", "both",
     "causal_tl", "cross", "f16"},
};
const char* const capture_line =
    "fd1 b=2 hq=12 hk=12 d=32 dv=32 dt=f16 lay=left q=5,13 kv=5,13 mask=none data=file "
    "file=properties/data/minilm_layer0.safetensors rows=0,1 seed=0x0";
const char* const shrunk_line =
    "fd1 b=1 hq=1 hk=1 d=1 dv=1 dt=f16 lay=left pad=1 q=1 kv=1 mask=none data=normal seed=0x1";

/// Collects records, numbering them as a store does.
struct Book {
  Told told;

  CaseRecord& add(const Line& line, const char* backend, Verdict verdict) {
    CaseRecord record;
    record.id = static_cast<std::int64_t>(told.records.size()) + 1;
    record.index = told.records.size();
    record.line = line.text;
    record.backend = backend;
    record.device = backend == simt ? "softcuda sm_80" : "cpu";
    record.verdict = std::move(verdict);
    record.device_ms = 1.5;
    record.reference_ms = 0.25;
    for (const auto& [axis, name] : {std::pair{"layout:", line.layout},
                                     {"mask:", line.mask},
                                     {"phase:", line.phase},
                                     {"dtype:", line.dtype}})
      record.labels.push_back(std::string(axis) + name);
    return told.records.emplace_back(std::move(record));
  }
  void shrink(std::int64_t failure, const char* line, Verdict verdict, int steps) {
    Line shrunk = lines[0];
    shrunk.text = line;
    CaseRecord& record = add(shrunk, simt, std::move(verdict));
    record.shrunk_from = failure;
    record.shrink_steps = steps;
  }
};

BudgetUse used(double o, double lse) { return {{{TensorRole::o, o}, {TensorRole::lse, lse}}}; }

verdict::Mismatch mismatch(int rows, int columns, double use) {
  verdict::Mismatch m;
  m.use = used(use, 0.5);
  m.worst = {{TensorRole::o, 0, 3, 64, 70}, 0.5 + use * 0.001, 0.5, 0.001};
  m.wrong = 4096;
  m.total = 58880;
  m.words = "rows 64 to 99, all heads of kv-head 1, sequences with padding before them";
  m.map = map_with_wrong_tile(rows, columns);
  return m;
}

}  // namespace

ErrorMap map_with_wrong_tile(int rows, int columns) {
  ErrorMap map;
  map.sequence = 0;
  map.head = 3;
  map.rows = rows;
  map.columns = columns;
  map.cell_rows = (rows + 63) / 64;
  map.cell_columns = (columns + 63) / 64;
  for (int row = 0; row < rows; row += map.cell_rows)
    for (int column = 0; column < columns; column += map.cell_columns) {
      const bool wrong = row >= 64 && row < 128 && column >= columns / 2;
      const double ripple = 0.5 + 0.5 * std::sin(0.7 * row + 1.3 * column);
      map.use.push_back(static_cast<float>(wrong ? 20 + 400 * ripple : 0.01 + 0.2 * ripple));
    }
  map.use.back() = std::numeric_limits<float>::quiet_NaN();
  return map;
}

Told told_by_hand() {
  Book book;
  book.told.runs = {run_by_hand()};
  const std::int64_t first = book.add(lines[0], simt, mismatch(100, 128, 420)).id;
  const std::int64_t second = book.add(lines[0], simt, mismatch(100, 128, 37)).id;
  book.shrink(first, shrunk_line, mismatch(1, 1, 9), 41);
  book.shrink(second, shrunk_line, mismatch(1, 1, 9), 38);
  for (const Line& line : lines) book.add(line, simt, verdict::Pass{used(0.31, 0.02)});
  book.add(lines[1], simt, verdict::PassWeak{used(0.04, 0.9), 0.25});
  book.add(lines[1], simt, verdict::Pass{used(0, 0)});
  book.add(lines[3], simt,
           verdict::PaddingTouched{
               3, {"o: row 2 of sequence 0", "o: row 3 of sequence 0", "lse guard band behind"}});
  book.add(lines[2], simt,
           verdict::NotEquivalent{"packed", {TensorRole::o, 0, 0, 2, 5}, 0.25, 0.250000004, 12});
  book.add(
      lines[1], simt,
      verdict::Fault{"4-byte load outside of any allocation",
                     "flash_forward_simt.cu:88: 4-byte load at 0x7f00\nblock (0, 1, 0), warp 3, lane 17"});
  book.add(lines[2], simt, verdict::Crash{"signal 11 <SIGSEGV> & \"more\"\x01"});
  book.add(lines[3], simt, verdict::Timeout{30});
  book.add({capture_line, "left", "none", "prefill", "f16"}, simt, verdict::Pass{used(0.44, 0.1)});
  book.add(lines[0], vendor, verdict::Pass{used(0.71, 0.3)});
  book.add(lines[1], vendor, verdict::Unsupported{"decode needs a block table | not here"});
  book.add(lines[1], vendor, verdict::Unsupported{"decode needs a block table | not here"});
  book.add(lines[2], vendor, verdict::NotExecuted{"no GPU in this machine"});
  return std::move(book.told);
}

Told told_by_thousands() {
  Book book;
  book.told.runs = {run_by_hand()};
  for (int i = 0; i < 6000; ++i) {
    const Line& line = lines[i % 4];
    if (i % 7 == 0)
      book.add(line, simt, mismatch(130, 128, 2 + i));
    else
      book.add(line, simt, verdict::Pass{used(std::pow(10.0, -3.5 + 0.0005 * i), 0.01)});
  }
  return std::move(book.told);
}

Told told_all_right() {
  Book book;
  book.told.runs = {run_by_hand()};
  for (const Line& line : lines) book.add(line, simt, verdict::Pass{used(0.31, 0.02)});
  return std::move(book.told);
}

void hunt_by_hand(Told& told) {
  power::Hunted killed;
  killed.mutant = "tail_keys";
  killed.title = "tail keys scored 0 <b>";
  killed.kernel = simt;
  killed.evidence = "owner/kernels#12, and a commit";
  killed.options = "--backend flash_forward_simt --image flash_forward_simt=tail_keys.ptx";
  killed.seed = 1;
  killed.most = killed.cases = 300;
  killed.judged = 290;
  killed.failed = 41;
  killed.kill = power::Kill{6, 0.25, "mismatch", "O, LSE", lines[0].text};
  killed.smallest = power::Smallest{shrunk_line, "mismatch", "as if every tail key were scored 0", 40};
  killed.rules = {{"Theirs", 290, 2, 3}, {"Blind", 290, 0, {}}};
  killed.ended = true;
  power::Hunted survivor = killed;
  survivor.mutant = "unseen";
  survivor.title = "something that nobody sees";
  survivor.kill.reset();
  survivor.smallest.reset();
  survivor.failed = 0;
  power::Hunted otherwise = killed;
  otherwise.mutant = "lost_lane";
  otherwise.title = "a lane's last row is lost";
  otherwise.unlike = {"mismatch, expected bias"};
  told.hunted = {killed, survivor, otherwise};
  told.sound = {{"flash_forward_simt f16_d32",
                 simt,
                 "",
                 "",
                 1,
                 0,
                 300,
                 290,
                 {std::string(lines[1].text) + ": 3 of 12 elements of O are outside of their budgets"},
                 {{"Theirs", 290, 5, {}}, {"Blind", 290, 0, {}}}}};
}

std::string support_by_hand() {
  using nlohmann::json;
  const std::string no_rule = "no softcap <beside> a padding mask";
  json classes = json::array();
  const auto add = [&](const char* handed, const char* phase, const char* mask, const char* dtype,
                       const char* modifier) {
    json one{{"phase", phase},      {"handed", handed}, {"mask", mask},
             {"dtype", dtype},      {"dims", "64"},     {"modifier", modifier},
             {"memory", "bshd"},    {"way", "ragged"},  {"case", lines[classes.size() % 4].text},
             {"said", "yes"},       {"by", "engines"},  {"why", ""},
             {"documented", "yes"}, {"way_bytes", 1234}};
    if (modifier != std::string("plain")) one.update({{"said", "no"}, {"by", "frontend"}, {"why", no_rule}});
    if (dtype == std::string("f32")) one.update({{"said", "unasked"}, {"by", "nobody"}, {"why", "it died"}});
    if (classes.empty())
      one.update({{"by", "build"},
                  {"engines", 4},
                  {"engine", "eng9_k24=7"},
                  {"workspace_bytes", 1280},
                  {"kernel", "a_kernel_with_a_long_name_of_its_tiles_64x128x64_warpgroups_4"},
                  {"plan_bytes", 90441}});
    classes.push_back(one);
  };
  for (const char* handed : {"right: lengths", "left: ragged", "left: bias", "left: compaction"})
    for (const char* phase : {"prefill", "decode"})
      for (const char* mask : {"none", "causal_br"}) {
        add(handed, phase, mask, "f16", "plain");
        add(handed, phase, mask, "f32", "plain");
        add(handed, phase, mask, "f16", "softcap");
      }
  const json hopper{
      {"name", "sm_90"},           {"device", "an H100"}, {"about", "an H100 (a profile read off a device)"},
      {"read_off_a_device", true}, {"cudnn", "9.19.0"},   {"unasked", ""},
      {"classes", classes}};
  json other = hopper;
  other.update({{"name", "sm_80"},
                {"about", "an A100 (a profile made by hand)"},
                {"read_off_a_device", false},
                {"cudnn", ""},
                {"unasked", "libnvrtc.so.13 is not there"},
                {"classes", json::array()}});
  return json{{"format", "flashdiff-cudnn-matrix 2"},
              {"note", "no proof of execution"},
              {"profiles", {other, hopper}}}
      .dump();
}

KnownFinding known_by_hand() {
  CaseRecord record;
  record.line = lines[0].text;
  record.backend = "another_by_its_switch";
  record.device = "cpu";
  record.repro_options = "--backend another_by_its_switch";
  record.verdict = mismatch(100, 128, 37);
  return {"another's attention by a switch of its own: it ignores <padding>", record};
}

Report report_with_everything() {
  ReportOptions options;
  options.title = "flashdiff <by hand>";
  options.changes =
      Changes{"before.db",
              16,
              13,
              2,
              1,
              {{"new failure", lines[0].text, simt, "", "pass", "mismatch", "wrong <now>", true},
               {"mended", lines[1].text, simt, "", "crash", "pass", "within its budget", false}}};
  Told told = told_by_hand();
  hunt_by_hand(told);
  told.runs.push_back(told.runs.front());
  told.runs.back().commit = "77aa001";
  std::vector<CaseRecord> records = std::move(told.records);
  Summary summary({1, 2});
  for (std::size_t i = 0; i < records.size(); ++i) summary.add(std::move(records[i]), i / 12);
  Report report = std::move(summary).report(std::move(told), options);
  report.generation.push_back(generation_by_hand());
  report.known.push_back(known_by_hand());
  add_bench(report, bench_runs_by_hand());
  report.support = support_section(support_by_hand()).value();
  return report;
}

GenerationTable generation_by_hand() {
  GenerationTable table{
      "prompts of 3, 9 tokens, 2 decode steps, chunks of 8 columns; softcuda sm_80",
      "build/flashdiff generate --lengths 3,9 --steps 2 --chunk 8",
      {"left", "right", "both"},
      {"prefill", "chunked", "decode"},
      {{"unpadded by the mask", "variable-length kernels", "nothing: it is safe", {}},
       {"mask not handed on", "a wrapper that drops attention_mask", "hand the mask on, or lengths", {}}}};
  for (GenerationConvention& how : table.conventions)
    for (const std::string& side : table.sides)
      for (const std::string& stage : table.stages)
        how.cells.push_back({side, stage, "safe", "safe: at most 0.2 of the budget", {}, {}});
  table.conventions[1].cells[0] = {
      "left",
      "prefill",
      "wrong",
      "row 0, token 0, head 1 in step 0: 986 times its budget: it sees 1 wrong key",
      std::string("flash_forward: ") + lines[0].text,
      {{false, true, false}, {true, false, true}, {true, false, false}}};
  table.conventions[1].cells[8].verdict = "not-run";
  table.conventions[1].cells[8].words = "not run: flash_decode: no such head dim";
  return table;
}

}  // namespace flashdiff::test
