// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "simulator/api_tokens.h"
#include "simulator/customer_message.h"
#include "simulator/message_windows.h"

namespace yingda::simulator {

/// An account as WeChat's console shows it. What is documented is the default; everything may be changed while it runs.
struct ApiAccountOptions {
  std::string app_id = "wx0123456789abcdef";
  std::string secret = "0123456789abcdef0123456789abcdef";
  bool verified = true;       // 认证: without it 48001 for what the account may not do
  bool mini_program = false;  // 小程序
  bool test_account = false;  // 测试号: no menu messages (40200)
  bool secret_frozen = false;
  std::string refused_ip;        // not empty: this address is not on the IP whitelist, 40164
  size_t max_text_bytes = 2048;  // of a customer-service text
  std::map<std::string, int> calls_a_day = {{"/cgi-bin/token", 2'000},
                                            {"/cgi-bin/stable_token", 500'000},
                                            {"/cgi-bin/message/custom/send", 500'000},
                                            {"/cgi-bin/menu/create", 1'000},
                                            {"/cgi-bin/menu/delete", 1'000},
                                            {"/cgi-bin/menu/get", 10'000},
                                            {"/cgi-bin/media/upload", 5'000},
                                            {"/cgi-bin/qrcode/create", 100'000},
                                            {"/cgi-bin/message/template/send", 100'000}};
  std::map<std::string, int> calls_a_minute = {{"/cgi-bin/stable_token", 10'000}};
  std::vector<std::string> push_addresses = {"101.226.62.77", "101.226.62.0/24"};
  std::string auto_reply_info = R"({"is_add_friend_reply_open":0,"is_autoreply_open":0})";
  std::map<std::string, std::string> bodies;  // by path: the answer of a good call, instead of the fake's own
  ApiTokens::Options tokens{};
  MessageWindows::Options windows{};
};

/// One call, taken apart.
struct ApiRequest {
  std::string method;
  std::string path;
  std::string access_token;
  std::string grant_type;  // of the token endpoints: from the query or the body, like the next three
  std::string app_id;
  std::string secret;
  bool force_refresh = false;
  std::string body;
};

struct ApiAnswer {
  int errcode = 0;
  std::string errmsg;  // empty: the usual one of the code
  std::string body;    // of a good answer; empty: {"errcode":0,"errmsg":"ok"}
  int generation = 0;  // of the token used or issued; 0: none of ours
  std::optional<CustomerMessage> delivered;
};

/// What WeChat does for one account: its tokens, quotas, windows and checks. Thread-safety: none.
/// Source: 公众号开发文档, 获取 Access token, 客服消息, 自定义菜单, 接口调用频次限制; the errcodes of its 全局返回码.
class ApiAccount {
 public:
  explicit ApiAccount(ApiAccountOptions options);

  /// Whether the fake knows the path at all.
  static bool Knows(const std::string& path);
  static bool IsTokenEndpoint(const std::string& path);

  ApiAnswer Answer(const ApiRequest& request, base::TimePoint now, base::WallTime wall);

  ApiAccountOptions& options() { return options_; }
  ApiTokens& tokens() { return tokens_; }
  MessageWindows& windows() { return windows_; }
  void AddMedia(std::string media_id) { media_.insert(std::move(media_id)); }

 private:
  struct Used {
    int64_t period = -1;
    int calls = 0;
  };

  ApiAnswer AnswerToken(const ApiRequest& request, base::TimePoint now, int64_t day);
  int RefusesCaller(const ApiRequest& request) const;
  int CountCall(const std::string& path, int64_t minute, int64_t day);
  int Deliver(const ApiRequest& request, base::TimePoint now, ApiAnswer& answer);
  int Serve(const ApiRequest& request, base::TimePoint now, int64_t day, ApiAnswer& answer);
  int ServeMenu(const ApiRequest& request, ApiAnswer& answer);
  int ClearQuota(const ApiRequest& request, int64_t day);

  ApiAccountOptions options_;
  ApiTokens tokens_;
  MessageWindows windows_;
  std::set<std::string> media_;
  std::string menu_;  // the JSON it was made from; empty: none
  int uploads_ = 0;
  std::map<std::string, Used> today_;
  std::map<std::string, Used> this_minute_;
  Used cleared_;
};

}  // namespace yingda::simulator
