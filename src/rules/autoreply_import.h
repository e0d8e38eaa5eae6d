// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/rule.h"

namespace yingda::rules {

/// The automatic replies of WeChat's console (自动回复), as a rule file.
struct AutoreplyImport {
  std::string text;  // of the file; empty: the console holds no reply
  size_t rules = 0;
  std::vector<std::string> notes;  // what is not quite as it was, or has to be done by hand; in Chinese
};

/// Turns what get_current_autoreply_info answers into a rule file such as a person would have written: keyword rules in
/// the console's order, the reply to new followers, the default reply. Whatever does not mean the same here has a
/// comment beside it and a note; so has what `beside`, the account's other rules, would answer instead: it gets a
/// priority above theirs. Pure.
/// Source: 公众号开发文档, 获取公众号的自动回复规则. Of it matters here: reply_mode is reply_all or random_one;
/// match_mode is contain or equal; the media ids of images and voices are temporary (三天), a video is a URL, news are
/// permanent; the default reply comes once in 60 minutes; is_autoreply_open is about the default reply, keywords have
/// no switch. Errors: kInvalidArgument, when it is something else; kUpstream, when it is an error of WeChat's: what to
/// do about it, in Chinese. Limits: 16 MiB.
base::Result<AutoreplyImport> ImportAutoreply(std::string_view json, const std::vector<Rule>& beside = {});

/// What an errcode of get_current_autoreply_info means for an admin, in Chinese, with the code.
std::string AutoreplyErrcode(int errcode);

}  // namespace yingda::rules
