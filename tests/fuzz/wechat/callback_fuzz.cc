// SPDX-License-Identifier: MIT
// One line of query ("signature timestamp nonce msg_signature encrypt_type echostr", blank-separated), then the body.
// In every mode nothing opens that was not signed; the same body well signed exercises what lies behind the check.
#include "wechat/callback.h"

#include <array>
#include <cstdint>
#include <string>

#include "check.h"
#include "wechat/signature.h"

namespace {

namespace wechat = yingda::wechat;

constexpr char kToken[] = "wxbot_T0ken2024";
const yingda::base::WallTime kNow{std::chrono::seconds(1717171717)};

wechat::Callback MakeCallback(wechat::CallbackMode mode) {
  return *wechat::Callback::Create({.token = kToken,
                                    .app_id = "wx0123456789abcdef",
                                    .encoding_aes_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                    .mode = mode});
}

std::array<std::string_view, 6> Words(std::string_view line) {
  std::array<std::string_view, 6> words;
  for (std::string_view& word : words) {
    const size_t end = line.find(' ');
    word = line.substr(0, end);
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  }
  return words;
}

void OpenAndSeal(const wechat::Callback& callback, const wechat::CallbackQuery& query, std::string_view body) {
  const auto opened = callback.Open(query, body, kNow);
  const auto* push = std::get_if<wechat::OpenedPush>(&opened);
  if (push == nullptr) return;
  Check(push->encrypted || callback.mode() != wechat::CallbackMode::kSafe, "safe mode opens encrypted pushes only");
  const bool signed_in_clear = query.signature == wechat::Signature(kToken, query.timestamp, query.nonce);
  Check(push->encrypted || signed_in_clear, "a push in clear is signed");
  (void)callback.Seal("<xml></xml>", *push, kNow).size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line_end = input.find('\n');
  if (line_end == std::string_view::npos) return 0;
  const auto words = Words(input.substr(0, line_end));
  const std::string_view body = input.substr(line_end + 1);
  wechat::CallbackQuery query{words[0], words[1], words[2], words[3], words[4], words[5]};
  static const std::array<wechat::Callback, 3> callbacks = {MakeCallback(wechat::CallbackMode::kPlain),
                                                            MakeCallback(wechat::CallbackMode::kCompatible),
                                                            MakeCallback(wechat::CallbackMode::kSafe)};
  const std::string signature = wechat::Signature(kToken, query.timestamp, query.nonce);
  for (const wechat::Callback& callback : callbacks) {
    OpenAndSeal(callback, query, body);
    (void)callback.VerifyUrl(query, kNow).index();
    wechat::CallbackQuery well_signed = query;
    well_signed.signature = signature;
    OpenAndSeal(callback, well_signed, body);
  }
  return 0;
}
