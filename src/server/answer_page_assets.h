// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace yingda::server {

/// What stands between <style> and </style>, and between <script> and </script>, of an answer page. The script follows
/// the writing of an answer through server-sent events, and tells when the whole answer was before a reader.
extern const std::string_view kAnswerPageStyle;
extern const std::string_view kAnswerPageScript;

}  // namespace yingda::server
