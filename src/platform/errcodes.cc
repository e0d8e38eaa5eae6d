// SPDX-License-Identifier: MIT
#include "platform/errcodes.h"

#include <algorithm>
#include <iterator>

namespace yingda::platform {
namespace {

using Class = ErrcodeClass;
using Action = ErrcodeAction;

constexpr Errcode kErrcodes[] = {
    {-1, Class::kBusy, Action::kRetry, "system busy"},
    {0, Class::kOk, Action::kNone, "ok"},
    {40001, Class::kToken, Action::kRefreshToken, "AppSecret wrong, or access_token invalid / not the latest"},
    {40002, Class::kConfig, Action::kAlert, "bad grant_type"},
    {40003, Class::kUser, Action::kGiveUp, "bad openid (not a follower / other account)"},
    {40004, Class::kInput, Action::kGiveUp, "bad media type"},
    {40005, Class::kInput, Action::kGiveUp, "bad file type"},
    {40006, Class::kInput, Action::kGiveUp, "bad file size"},
    {40007, Class::kInput, Action::kUploadAgain, "bad/expired media_id"},
    {40008, Class::kInput, Action::kGiveUp, "bad msgtype"},
    {40013, Class::kConfig, Action::kAlert, "bad appid"},
    {40014, Class::kToken, Action::kRefreshToken, "access_token malformed/invalid"},
    {40016, Class::kInput, Action::kGiveUp, "bad number of menu buttons"},
    {40017, Class::kInput, Action::kGiveUp, "bad button type"},
    {40018, Class::kInput, Action::kGiveUp, "button name length"},
    {40019, Class::kInput, Action::kGiveUp, "button key length"},
    {40020, Class::kInput, Action::kGiveUp, "button url length"},
    {40023, Class::kInput, Action::kGiveUp, "number of sub-buttons"},
    {40033, Class::kInput, Action::kGiveUp, "\\uxxxx escapes not allowed"},
    {40035, Class::kInput, Action::kGiveUp, "bad parameter"},
    {40125, Class::kConfig, Action::kAlert, "bad appsecret"},
    {40164, Class::kAddress, Action::kAlert, "calling IP not in whitelist"},
    {40200, Class::kPermission, Action::kPlainText, "invalid account type (e.g. msgmenu on a test/unverified account)"},
    {40243, Class::kConfig, Action::kAlert, "AppSecret frozen"},
    {41001, Class::kToken, Action::kRefreshToken, "access_token missing"},
    {41002, Class::kConfig, Action::kAlert, "appid missing"},
    {41004, Class::kConfig, Action::kAlert, "secret missing"},
    {42001, Class::kToken, Action::kRefreshToken, "access_token expired"},
    {42007, Class::kToken, Action::kGiveUp, "user changed password (OAuth tokens)"},
    {43001, Class::kInput, Action::kGiveUp, "must be GET"},
    {43002, Class::kInput, Action::kGiveUp, "must be POST"},
    {43003, Class::kInput, Action::kGiveUp, "must be HTTPS"},
    {43004, Class::kUser, Action::kGiveUp, "receiver must follow"},
    {43019, Class::kUser, Action::kGiveUp, "receiver is blacklisted"},
    {44002, Class::kInput, Action::kGiveUp, "empty POST body"},
    {44004, Class::kInput, Action::kGiveUp, "empty text"},
    {45001, Class::kInput, Action::kGiveUp, "media too big"},
    {45002, Class::kInput, Action::kShorten, "content too long"},
    {45008, Class::kInput, Action::kShorten, "more than 1 article"},
    {45009, Class::kQuota, Action::kStopForToday, "daily API quota reached"},
    {45011, Class::kRate, Action::kWaitAMinute, "minute rate limit"},
    {45015, Class::kWindow, Action::kWaitForUser, "48 h window closed / not a follower"},
    {45035, Class::kAddress, Action::kAlert, "calling IP not registered"},
    {45047, Class::kWindow, Action::kWaitForUser, "per-user downstream count used up"},
    {45072, Class::kInput, Action::kGiveUp, "typing: bad command"},
    {45080, Class::kWindow, Action::kIgnore, "typing: no interaction in the last 30 s"},
    {45081, Class::kState, Action::kIgnore, "typing: already typing"},
    {46003, Class::kState, Action::kIgnore, "no menu"},
    {46004, Class::kUser, Action::kGiveUp, "no such user"},
    {47001, Class::kInput, Action::kGiveUp, "JSON/XML parse error"},
    {48001, Class::kPermission, Action::kDisable, "API not granted to this account"},
    {48002, Class::kUser, Action::kGiveUp, "follower refuses messages"},
    {48004, Class::kBanned, Action::kDisable, "API banned"},
    {48006, Class::kQuota, Action::kAlert, "clear_quota used up this month"},
    {50001, Class::kPermission, Action::kDisable, "user has not authorised"},
    {50002, Class::kUser, Action::kGiveUp, "user limited/frozen"},
    {50005, Class::kUser, Action::kGiveUp, "not following"},
    {61004, Class::kAddress, Action::kAlert, "client IP not registered"},
    {61007, Class::kPermission, Action::kDisable, "3rd party: API not authorised"},
    {65303, Class::kState, Action::kGiveUp, "no default menu, cannot add conditional"},
    {76003, Class::kInput, Action::kGiveUp, "openapi/quota: bad cgi_path"},
    {87014, Class::kContent, Action::kGiveUp, "risky content (content-safety v1)"},
    {89501, Class::kAddress, Action::kAlert, "IP waiting for confirmation"},
    {89503, Class::kAddress, Action::kAlert, "this IP call needs admin confirmation"},
    {89506, Class::kAddress, Action::kAlert, "IP refused twice, 24 h"},
    {89507, Class::kAddress, Action::kAlert, "IP refused once, 1 h"},
};

static_assert(std::ranges::is_sorted(kErrcodes, {}, &Errcode::code));

}  // namespace

std::span<const Errcode> KnownErrcodes() { return kErrcodes; }

Errcode FindErrcode(int code) {
  const auto* const at = std::ranges::lower_bound(kErrcodes, code, {}, &Errcode::code);
  if (at != std::end(kErrcodes) && at->code == code) return *at;
  return {code, Class::kInput, Action::kGiveUp, "not a code that is known"};
}

std::string ErrcodeLabel(int code) {
  const auto* const at = std::ranges::lower_bound(kErrcodes, code, {}, &Errcode::code);
  return at != std::end(kErrcodes) && at->code == code ? std::to_string(code) : "other";
}

}  // namespace yingda::platform
