// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "base/yaml.h"
#include "rules/reply_template.h"

namespace yingda::rules {

/// What is checked in a reply depends on the rule around it.
struct ReplyContext {
  size_t max_articles = 1;  // 8 in answer to an event
  int groups = -1;          // of the rule's expressions; -1: the rule has none, so {1} is a mistake
  bool has_message = true;  // there is something that can go to the model
};

/// Reads one reply of a rule file: a text, or a section with one of text, image, voice, video, music, news, transfer,
/// none, model. Nothing if it is wrong; then `problems` says why. What will work but probably not as meant goes to
/// `warnings`.
std::optional<ReplyTemplate> ReadReply(const base::YamlNode& node, const ReplyContext& context,
                                       base::YamlProblems& problems, base::YamlProblems& warnings);

}  // namespace yingda::rules
