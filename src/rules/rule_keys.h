// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace yingda::rules {

/// What may be written in a rule file: the one list of it, for the reader, the JSON Schema and the tests that hold them
/// together.
inline constexpr std::string_view kRuleKeys[] = {"name",  "keywords", "match", "event",    "key",     "default",
                                                 "reply", "replies",  "mode",  "priority", "enabled", "exclude",
                                                 "hours", "days",     "from",  "until",    "cooldown"};
inline constexpr std::string_view kMatchNames[] = {"exact", "prefix", "suffix", "all_of", "contains", "regex"};
inline constexpr std::string_view kModeNames[] = {"first", "random", "all"};
inline constexpr int kHighestPriority = 1'000'000;  // the lowest is its negative
/// A reply is a text, or a section with exactly one of these.
inline constexpr std::string_view kReplyKinds[] = {"text", "image",    "voice", "video", "music",
                                                   "news", "transfer", "none",  "model"};
inline constexpr std::string_view kVideoKeys[] = {"media_id", "title", "description"};
inline constexpr std::string_view kMusicKeys[] = {"title", "description", "url", "hq_url", "thumb_media_id"};
inline constexpr std::string_view kArticleKeys[] = {"title", "description", "picture", "url"};

/// Events that rules may answer, and whether WeChat shows the answer. Others load with a warning.
struct KnownEvent {
  std::string_view name;
  bool shows_reply;
};
inline constexpr KnownEvent kEvents[] = {
    {"subscribe", true},
    {"scan", true},
    {"click", true},
    {"scancode_waitmsg", true},
    {"scancode_push", true},
    {"pic_sysphoto", true},
    {"pic_weixin", true},
    {"location_select", true},
    {"pic_photo_or_album", true},
    {"unsubscribe", false},
    {"view", false},
    {"view_miniprogram", false},
    {"location", false},
    {"user_enter_tempsession", false},
};

}  // namespace yingda::rules
