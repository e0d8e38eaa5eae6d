// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace yingda::platform {

/// What an errcode is about.
enum class ErrcodeClass {
  kOk,
  kBusy,        // WeChat is
  kToken,       // the access token (or, at the token endpoint, the secret)
  kConfig,      // AppID, AppSecret and the like
  kAddress,     // the address we call from is not on the account's whitelist (IP 白名单)
  kPermission,  // the account has not got this API
  kBanned,
  kUser,    // this follower cannot be served
  kWindow,  // this follower cannot be written to now
  kQuota,   // per day
  kRate,    // per minute
  kInput,   // what we sent
  kContent,
  kState,
};

/// What a caller does about it. Only the first four lead to another call with the same content.
enum class ErrcodeAction {
  kRetry,         // soon, with growing pauses
  kWaitAMinute,   // then try again
  kRefreshToken,  // once, then call again once
  kStopForToday,  // this API of this account answers nothing else before 00:00 Beijing time or clear_quota
  kNone,          // all is well
  kIgnore,        // nothing was lost
  kWaitForUser,   // until this follower writes again
  kGiveUp,        // the same call can only fail
  kShorten,       // less text, fewer articles
  kUploadAgain,   // the media id is dead
  kPlainText,     // the account has no such kind of message
  kDisable,       // the account may not do this at all; somebody should know
  kAlert,         // somebody has to put the account's settings right
};

struct Errcode {
  int code = 0;
  ErrcodeClass about = ErrcodeClass::kInput;
  ErrcodeAction action = ErrcodeAction::kGiveUp;
  std::string_view meaning;  // a few words for logs
};

/// All codes that are known, by code. Source: 公众号开发文档, 全局返回码.
std::span<const Errcode> KnownErrcodes();
/// A code that is not known is one to give up on.
Errcode FindErrcode(int code);
/// The code as a metric label: at most one value per known code, and "other".
std::string ErrcodeLabel(int code);

}  // namespace yingda::platform
