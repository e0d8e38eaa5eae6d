// SPDX-License-Identifier: MIT
#include "rules/expression.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include "rules/regex_text.h"

namespace yingda::rules {

Expression::Expression(std::string_view text) : filter_(std::make_unique<re2::FilteredRE2>()) {
  const std::string plain = RegexText(text);
  int place = 0;
  if (filter_->Add(plain, RegexOptions(), &place) == re2::RE2::NoError) {
    filter_->Compile(&words_);
  } else {
    wrong_ = std::make_unique<re2::RE2>(plain, RegexOptions());
  }
}

Expression::~Expression() = default;

const re2::RE2& Expression::Engine() const { return ok() ? filter_->GetRE2(0) : *wrong_; }

bool Expression::Matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), Engine());
}

bool Expression::MayMatch(const std::vector<int>& words) const {
  if (words_.empty()) return true;
  std::vector<int> possible;
  filter_->AllPotentials(words, &possible);
  return !possible.empty();
}

}  // namespace yingda::rules
