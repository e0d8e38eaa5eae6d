// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wechat/reply.h"

namespace yingda::rules {

/// A passive reply whose texts may hold {0}…{99}: what a regex rule's expression matched ({0}) and its groups. `{{` and
/// `}}` stand for single braces; any other brace is itself. In addresses (url, picture, music) a group is
/// percent-encoded, so that what a follower types stays one part of the address.
/// Thread-safety: immutable.
class ReplyTemplate {
 public:
  explicit ReplyTemplate(wechat::Reply pattern);

  /// As written.
  const wechat::Reply& pattern() const { return pattern_; }
  /// Where it was written; 0: nobody knows.
  int line = 0, column = 0;
  /// The highest number used, or -1.
  int HighestGroup() const { return highest_group_; }
  /// A group that is not there or took no part in the match is empty.
  wechat::Reply Fill(const std::vector<std::string_view>& groups) const;

 private:
  wechat::Reply pattern_;
  int highest_group_ = -1;
};

}  // namespace yingda::rules
