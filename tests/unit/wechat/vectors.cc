// SPDX-License-Identifier: MIT
#include "unit/wechat/vectors.h"

#include <fstream>

namespace yingda::wechat {

nlohmann::json Vectors(const std::string& name) {
  std::ifstream file(YINGDA_TEST_DATA "/vectors/" + name + ".json");
  return nlohmann::json::parse(file);
}

Incoming TextMessage(std::string content) {
  Incoming message;
  message.to_user = "gh_a1b2c3d4e5f6";
  message.from_user = "oABCD1234efgh5678IJKL9012mnQ";
  message.create_time = 1717171717;
  message.type = MessageType::kText;
  message.type_name = "text";
  message.content = std::move(content);
  message.msg_id = "24521380012345678";
  return message;
}

}  // namespace yingda::wechat
