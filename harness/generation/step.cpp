#include "harness/generation/step.h"

#include <algorithm>

#include "harness/problem/data.h"
#include "harness/problem/laid_out.h"

namespace flashdiff::generation {
namespace {

constexpr int kPaddingToken = 0;

int token_of(const Truth& truth, int row, const Column& column) {
  return column.is_token() ? truth.text(row)[static_cast<std::size_t>(column.index)] : kPaddingToken;
}

/// Columns of a row whose positions follow one another: a sequence of the append's problem, which counts
/// positions on from where its new tokens begin.
struct Run {
  int row = 0, first = 0, count = 0, position = 0;
};
std::vector<Run> runs_of(const std::vector<HandedRow>& handed) {
  std::vector<Run> runs;
  for (int row = 0; row < static_cast<int>(handed.size()); ++row) {
    const std::vector<int>& positions = handed[static_cast<std::size_t>(row)].positions;
    for (int i = 0; i < static_cast<int>(positions.size()); ++i) {
      const int position = positions[static_cast<std::size_t>(i)];
      const bool goes_on = i > 0 && runs.back().position + runs.back().count == position;
      if (goes_on)
        ++runs.back().count;
      else
        runs.push_back({row, i, 1, position});
    }
  }
  return runs;
}

/// Rows of new columns, turned, [row of the batch][column]: q [h_q * d_qk], k [h_kv * d_qk].
struct Turned {
  std::vector<std::vector<std::vector<float>>> q, k;
};

std::vector<float> all_heads(const LogicalTensor<float>& tensor, int sequence, int row) {
  std::vector<float> values;
  for (int head = 0; head < tensor.heads(); ++head) {
    const float* from = tensor.row(sequence, head, row);
    values.insert(values.end(), from, from + tensor.width());
  }
  return values;
}

void put(const std::vector<float>& values, LogicalTensor<float>& tensor, int sequence, int row) {
  for (int head = 0; head < tensor.heads(); ++head)
    std::copy_n(values.data() + static_cast<std::ptrdiff_t>(head) * tensor.width(), tensor.width(),
                tensor.row(sequence, head, row));
}

Outcome<Answer> ask(Backend& backend, const Case& c, const LogicalData& data) {
  if (Support support = backend.supports(c); !support.yes)
    return unsupported(backend.name() + ": " + support.why_not);
  auto answer = backend.run(lay_out(c, data));
  if (answer && answer->touched.count > 0)
    return fail(ErrorKind::device_fault, backend.name() + " wrote " + answer->touched.first.front().where,
                print(c));
  return answer;
}

Outcome<Turned> turn(const Model& model, const Truth& truth, const Columns& columns,
                     const std::vector<HandedRow>& handed, Backend& append) {
  const std::vector<Run> runs = runs_of(handed);
  Case c;
  c.problem = model.problem();
  c.problem.pass = Pass::append;
  c.problem.scale.reset();
  c.problem.rope = model.rope;
  c.layout.padding = Padding::packed;
  std::vector<int> lengths;
  for (const Run& run : runs) {
    c.problem.sequences.push_back({run.count, run.position + run.count});
    lengths.push_back(run.count);
  }
  auto data = make_data(c.problem);  // the table of cosines and sines; the rows are the model's
  if (!data) return tl::unexpected<Error>(data.error());
  for (int s = 0; s < static_cast<int>(runs.size()); ++s) {
    const Run& run = runs[static_cast<std::size_t>(s)];
    for (int i = 0; i < run.count; ++i) {
      const Column& column = columns[static_cast<std::size_t>(run.row)].begin()[run.first + i];
      const int token = token_of(truth, run.row, column);
      put(all_heads(model.q, 0, token), data->q, s, i);
      put(all_heads(model.k, 0, token), data->k, s, i);
      put(all_heads(model.v, 0, token), data->v, s, i);
    }
  }
  const auto answer = ask(append, c, *data);
  if (!answer) return tl::unexpected<Error>(answer.error());
  Turned turned;
  turned.q.resize(columns.size());
  turned.k.resize(columns.size());
  for (int s = 0; s < static_cast<int>(runs.size()); ++s) {
    const Run& run = runs[static_cast<std::size_t>(s)];
    for (int i = 0; i < run.count; ++i) {
      turned.q[static_cast<std::size_t>(run.row)].push_back(all_heads(answer->q_rot, s, i));
      turned.k[static_cast<std::size_t>(run.row)].push_back(all_heads(answer->k, s, i));
    }
  }
  return turned;
}

/// Slots of each row when this step's are stored.
int widest_of(const Convention& how, const Columns& columns, const Cache& cache) {
  std::size_t widest = 0;
  for (std::size_t row = 0; row < columns.size(); ++row) {
    const auto tokens =
        std::count_if(columns[row].begin(), columns[row].end(), [](const Column& c) { return c.is_token(); });
    widest = std::max(
        widest, cache.rows[row].size() +
                    (how.slots == Slots::appended ? columns[row].size() : static_cast<std::size_t>(tokens)));
  }
  return static_cast<int>(widest);
}

void store(const std::vector<Column>& columns, const HandedRow& handed, std::vector<std::vector<float>> k,
           std::vector<Slot>& row) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (handed.stored[i]) row.push_back({columns[i], handed.positions[i], std::move(k[i])});
}

/// Attention over what the rows were handed.
struct Question {
  Case c;
  LogicalData data;
};
Question question_of(const Model& model, const Truth& truth, const Convention& how, const Cache& cache,
                     const std::vector<HandedRow>& handed, const Turned& turned) {
  Question out;
  out.c.problem = model.problem();
  out.c.problem.mask.kind = MaskKind::causal_bottom_right;
  out.c.layout = how.layout;
  std::vector<int> queries, keys;
  for (const HandedRow& row : handed) {
    queries.push_back(static_cast<int>(row.queries.size()));
    keys.push_back(static_cast<int>(row.keys.size()));
    out.c.problem.sequences.push_back({queries.back(), keys.back()});
  }
  out.data.q = {queries, model.q.heads(), model.q.width()};
  out.data.k = {keys, model.k.heads(), model.k.width()};
  out.data.v = {keys, model.v.heads(), model.v.width()};
  for (int row = 0; row < static_cast<int>(handed.size()); ++row) {
    const auto r = static_cast<std::size_t>(row);
    for (int i = 0; i < queries[r]; ++i)
      put(turned.q[r][static_cast<std::size_t>(handed[r].queries[static_cast<std::size_t>(i)])], out.data.q,
          row, i);
    for (int i = 0; i < keys[r]; ++i) {
      const Slot& slot = cache.rows[r][static_cast<std::size_t>(handed[r].keys[static_cast<std::size_t>(i)])];
      put(slot.k, out.data.k, row, i);
      put(all_heads(model.v, 0, token_of(truth, row, slot.holds)), out.data.v, row, i);
    }
  }
  return out;
}

}  // namespace

Outcome<Step> run_step(const Model& model, const Truth& truth, const Convention& how, const Columns& columns,
                       bool in_prompt, Cache& cache, const Answerers& answerers) {
  Step step;
  const StepPlace place{in_prompt, cache.columns, widest_of(how, columns, cache)};
  for (std::size_t row = 0; row < columns.size(); ++row)
    step.handed.push_back(handed(how, columns[row], cache.rows[row], place));
  auto turned = turn(model, truth, columns, step.handed, *answerers.append);
  if (!turned) return tl::unexpected<Error>(turned.error());
  for (std::size_t row = 0; row < columns.size(); ++row)
    store(columns[row], step.handed[row], std::move(turned->k[row]), cache.rows[row]);
  cache.columns += static_cast<int>(columns.front().size());

  Question question = question_of(model, truth, how, cache, step.handed, *turned);
  Backend* backend = answerers.decode;
  if (!backend->supports(question.c).yes) {
    // A prompt in pages is read where it was computed: its keys are this step's own.
    question.c.layout.page = 0;
    backend = backend->supports(question.c).yes ? backend : answerers.attention;
  }
  step.backend = backend->name();
  step.line = print(question.c);
  step.attention = backend->numerics(question.c.problem);
  Problem append = question.c.problem;
  append.pass = Pass::append;
  append.rope = model.rope;
  step.turned = answerers.append->numerics(append);
  auto answer = ask(*backend, question.c, question.data);
  if (!answer) return tl::unexpected<Error>(answer.error());
  step.o = std::move(answer->o);
  return step;
}

}  // namespace flashdiff::generation
