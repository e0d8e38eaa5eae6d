// SPDX-License-Identifier: MIT
#include "platform/ability_probe.h"

#include <utility>

#include "platform/customer_message.h"
#include "platform/errcodes.h"
#include "platform/token_endpoint.h"

namespace yingda::platform {
namespace {

constexpr const char* kNobody = "oYingdaAbilityProbe000000000";

std::string Said(const ApiAnswer& answer, const Errcode& known) {
  std::string said =
      "WeChat answers errcode " + std::to_string(answer.errcode) + " (" + std::string(known.meaning) + ")";
  const std::string address = AddressIn(answer.errmsg);
  return address.empty() ? said : said + "; the address it saw: " + address;
}

}  // namespace

AbilityFinding AbilityFrom(const base::Result<ApiAnswer>& answer) {
  if (!answer) return {CanPush::kUnknown, 0, answer.error().message};
  if (!answer->has_errcode || answer->status < 200 || answer->status > 299) {
    return {CanPush::kUnknown, 0,
            "the API answered with status " + std::to_string(answer->status) + "; check api_base (and api_key)"};
  }
  const Errcode known = FindErrcode(answer->errcode);
  AbilityFinding finding{CanPush::kUnknown, answer->errcode, Said(*answer, known)};
  switch (known.about) {
    case ErrcodeClass::kPermission:
      finding.can_push = CanPush::kNo;
      break;
    case ErrcodeClass::kOk:
    case ErrcodeClass::kUser:
    case ErrcodeClass::kWindow:
    case ErrcodeClass::kState:
      finding.can_push = CanPush::kYes;
      break;
    default:
      break;
  }
  return finding;
}

void ProbeAbility(WeChatApi& api, std::function<void(AbilityFinding)> done) {
  api.Call({"POST", "/cgi-bin/message/custom/typing", "", TypingBody(kNobody)},
           [done = std::move(done)](const base::Result<ApiAnswer>& answer) { done(AbilityFrom(answer)); });
}

}  // namespace yingda::platform
