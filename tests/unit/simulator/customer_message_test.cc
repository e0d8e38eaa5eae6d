// SPDX-License-Identifier: MIT
#include "simulator/customer_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace yingda::simulator {
namespace {

std::string Body(const std::string& type, const std::string& object, const std::string& open_id = "oFollower") {
  return R"({"touser":")" + open_id + R"(","msgtype":")" + type + R"(",")" + type + R"(":)" + object + "}";
}

struct Case {
  const char* name;
  std::string body;
  int errcode;
};

class CustomerMessageTest : public ::testing::TestWithParam<Case> {};

TEST_P(CustomerMessageTest, IsJudgedAsWeChatJudgesIt) {
  CustomerMessageRules rules;
  rules.media_exists = [](const std::string& media_id) { return media_id == "M"; };
  EXPECT_EQ(CheckCustomerMessage(GetParam().body, rules).errcode, GetParam().errcode);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, CustomerMessageTest,
    ::testing::Values(Case{"Good", Body("text", R"({"content":"你好 <a href=\"https://example.com\">x</a>"})"), 0},
                      Case{"Longest", Body("text", R"({"content":")" + std::string(2048, 'x') + R"("})"), 0},
                      Case{"TooLong", Body("text", R"({"content":")" + std::string(2049, 'x') + R"("})"), 45002},
                      Case{"TooLongInBytesNotInCharacters",
                           Body(
                               "text", R"({"content":")" +
                                           [] {
                                             std::string text;
                                             for (int i = 0; i < 683; ++i) text += "好";
                                             return text;
                                           }() +
                                           R"("})"),
                           45002},
                      Case{"EmptyText", Body("text", R"({"content":""})"), 44004},
                      Case{"NoText", Body("text", "{}"), 44004}, Case{"EmptyBody", "", 44002},
                      Case{"NoJson", "{\"touser\":", 47001}, Case{"NoObject", "[1]", 47001},
                      Case{"NotUtf8", Body("text", "{\"content\":\"\xff\"}"), 47001},
                      Case{"Escaped", Body("text", R"({"content":"\u4f60"})"), 40033},
                      Case{"AnEscapedBackslashIsNoEscape", Body("text", R"({"content":"C:\\users"})"), 0},
                      Case{"BadOpenId", Body("text", R"({"content":"x"})", "gh_account"), 40003},
                      Case{"NoOpenId", R"({"msgtype":"text","text":{"content":"x"}})", 40003},
                      Case{"NoType", R"({"touser":"oFollower"})", 40008}, Case{"OtherType", Body("gif", "{}"), 40008},
                      Case{"Media", Body("image", R"({"media_id":"M"})"), 0},
                      Case{"NoSuchMedia", Body("voice", R"({"media_id":"N"})"), 40007},
                      Case{"OneArticle", Body("news", R"({"articles":[{"title":"t"}]})"), 0},
                      Case{"TwoArticles", Body("news", R"({"articles":[{},{}]})"), 45008},
                      Case{"LinkOfAMiniProgram", Body("link", R"({"url":"https://example.com"})"), 40008}),
    [](const auto& test) { return test.param.name; });

TEST(CustomerMessageRulesTest, MenusAndLinksDependOnTheAccount) {
  CustomerMessageRules rules;
  const std::string menu = Body("msgmenu", R"({"head_content":"?","list":[{"id":"1","content":"是"}]})");
  EXPECT_EQ(CheckCustomerMessage(menu, rules).errcode, 0);
  rules.menus_allowed = false;
  rules.mini_program = true;
  EXPECT_EQ(CheckCustomerMessage(menu, rules).errcode, 40200);
  EXPECT_EQ(CheckCustomerMessage(Body("link", R"({"url":"https://example.com"})"), rules).errcode, 0);
}

TEST(CustomerMessageRulesTest, TheLabelOfAModelIsRead) {
  const auto labelled = [](const std::string& flag) {
    return CheckCustomerMessage(
               R"({"touser":"oF","msgtype":"text","text":{"content":"x"},"aimsgcontext":)" + flag + "}", {})
        .message.made_by_model;
  };
  EXPECT_TRUE(labelled(R"({"is_ai_msg":1})"));
  EXPECT_FALSE(labelled(R"({"is_ai_msg":0})"));
  EXPECT_FALSE(labelled(R"({})"));
  EXPECT_FALSE(labelled("1"));
}

}  // namespace
}  // namespace yingda::simulator
