// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "wechat/reply.h"

namespace yingda::rules {

/// What placeholders stand for.
struct TemplateValues {
  std::span<const std::string_view> groups;
  std::string_view open_id;
  base::WallTime now{};
};

/// A reply of a rule whose texts may hold {0}…{99}: what a regex rule's expression matched ({0}) and its groups;
/// {openid}; {date} and {time} in China (2026-11-21, 23:05). `{{` and `}}` stand for single braces; any other brace is
/// itself. In addresses (url, picture, music, and those that stand in a text) what is filled in is percent-encoded, so
/// that what a follower types stays one part of the address.
/// Thread-safety: immutable.
class ReplyTemplate {
 public:
  explicit ReplyTemplate(wechat::Reply pattern);
  /// No reply but an order: the message goes to the model, with the instruction (which may be empty) behind the system
  /// prompt.
  static ReplyTemplate ToModel(std::string instruction);

  /// As written (braces still doubled if there are placeholders); of ForModel, a text that is the instruction.
  const wechat::Reply& pattern() const { return pattern_; }
  bool ForModel() const { return for_model_; }
  /// The highest number used, or -1.
  int HighestGroup() const { return highest_group_; }
  /// A group that is not there or took no part in the match is empty.
  wechat::Reply Fill(const TemplateValues& values) const;

  /// Where it was written; 0: nowhere.
  int line = 0, column = 0;

 private:
  wechat::Reply pattern_;
  int highest_group_ = -1;
  bool has_placeholders_ = false;
  bool for_model_ = false;
};

}  // namespace yingda::rules
