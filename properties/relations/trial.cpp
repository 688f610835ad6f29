#include "properties/relations/trial.h"

#include "harness/problem/hashes.h"
#include "harness/problem/random_bits.h"

namespace flashdiff::relations {

Outcome<Answer> Trial::answer_alone(const Question& question) {
  Case c = asked_;
  c.problem = question.problem;
  c.after = After::nothing;
  const Outcome<Case> valid = validated(std::move(c));
  if (!valid) return tl::unexpected<Error>(valid.error());
  if (const Support support = backend_.supports(*valid); !support.yes) return unsupported(support.why_not);
  Outcome<Answer> answer = backend_.run(lay_out(*valid, question.data));
  if (answer && touched.count == 0) touched = answer->touched;
  return answer;
}

Outcome<Answered> Trial::answer(const Question& question) {
  Outcome<Answer> answer = answer_alone(question);
  if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
  return Answered{std::move(*answer),
                  wanted(question.problem, question.data, backend_.numerics(question.problem))};
}

std::uint64_t Trial::bits(std::uint64_t purpose) const {
  return detail::folded(detail::hash_of(asked_), purpose);
}

}  // namespace flashdiff::relations
