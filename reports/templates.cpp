#include "reports/templates.h"

#include <map>
#include <stdexcept>

#include "reports/embedded.h"

namespace flashdiff {
namespace {

namespace mustache = kainjow::mustache;

constexpr std::string_view partial_suffix = ".mustache";

const std::map<std::string, View, std::less<>>& partials() {
  static const auto all = [] {
    std::map<std::string, View, std::less<>> found;
    for (const EmbeddedFile& file : embedded_files())
      if (file.name.ends_with(partial_suffix))
        found.emplace(file.name.substr(0, file.name.size() - partial_suffix.size()), std::string(file.bytes));
    return found;
  }();
  return all;
}

/// Looks names up as mustache does, from the innermost section outwards, but never in vain.
class StrictContext : public mustache::context<std::string> {
 public:
  const View* get(const std::string& name) const override {
    const View* found = context::get(name);
    if (found == nullptr) throw std::logic_error("the template's tag '" + name + "' has no value");
    return found;
  }
  const View* get_partial(const std::string& name) const override {
    const auto found = partials().find(name);
    if (found == partials().end()) throw std::logic_error("there is no template '" + name + "'");
    return &found->second;
  }
};

}  // namespace

std::string_view embedded(std::string_view file) {
  for (const EmbeddedFile& each : embedded_files())
    if (each.name == file) return each.bytes;
  throw std::logic_error("no embedded file " + std::string(file));
}

std::string render(std::string_view file, const View& root,
                   const std::function<std::string(const std::string&)>& escape) {
  mustache::mustache page{std::string(embedded(file))};
  page.set_custom_escape(escape);
  if (!page.is_valid()) throw std::logic_error(std::string(file) + ": " + page.error_message());
  StrictContext context;
  context.push(&root);
  std::string text = page.render(context);
  if (!page.is_valid()) throw std::logic_error(std::string(file) + ": " + page.error_message());
  return text;
}

}  // namespace flashdiff
