#pragma once
#include <functional>
#include <string>
#include <string_view>

#include <kainjow/mustache.hpp>

namespace flashdiff {

/// What a template is filled with. Numbers come as finished text: a template computes nothing.
using View = kainjow::mustache::data;
using ViewList = kainjow::mustache::list;

/// A file of templates/, as it was when the program was built: "page.mustache", "page.css", ... Asking for
/// one that is not there is a bug (std::logic_error).
[[nodiscard]] std::string_view embedded(std::string_view file);

/// Renders with every `*.mustache` at hand as a partial under its stem. Mustache would leave a tag without a
/// value empty without a word; here that is a bug (std::logic_error), and so is a template that does not
/// parse.
[[nodiscard]] std::string render(std::string_view file, const View& root,
                                 const std::function<std::string(const std::string&)>& escape);

}  // namespace flashdiff
