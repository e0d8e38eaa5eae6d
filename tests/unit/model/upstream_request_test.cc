// SPDX-License-Identifier: MIT
#include "model/upstream_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace yingda::model {
namespace {

UpstreamOptions Options(std::string base_url, std::string model = "m") {
  UpstreamOptions options;
  options.base_url = std::move(base_url);
  options.model = std::move(model);
  return options;
}

nlohmann::json Body(const UpstreamOptions& options) {
  return nlohmann::json::parse(MakeUpstreamRequest(options, {{"user", "hi"}}).body);
}

std::string Header(const UpstreamOptions& options, const std::string& wanted) {
  for (const auto& [name, value] : MakeUpstreamRequest(options, {}).headers) {
    if (name == wanted) return value;
  }
  return "";
}

TEST(UpstreamRequestTest, FindsTheAddressBehindWhatOperatorsWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://api.deepseek.com", "https://api.deepseek.com/chat/completions"},
      {"https://api.deepseek.com/v1/", "https://api.deepseek.com/v1/chat/completions"},
      {"https://api.openai.com", "https://api.openai.com/v1/chat/completions"},
      {"https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"},
      {" https://api.openai.com/v1// ", "https://api.openai.com/v1/chat/completions"},
      {"https://open.bigmodel.cn/api/paas/v4/", "https://open.bigmodel.cn/api/paas/v4/chat/completions"},
      {"https://ark.cn-beijing.volces.com/api/v3", "https://ark.cn-beijing.volces.com/api/v3/chat/completions"},
      {"http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/chat/completions"},
      {"http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"},
      {"http://[::1]/", "http://[::1]/v1/chat/completions"},
      {"https://x.example/v1/chat/completions/", "https://x.example/v1/chat/completions"},
      {"https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
       "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21"},
  };
  for (const auto& [written, want] : cases) EXPECT_EQ(CompletionsUrl(written), want) << written;
}

TEST(UpstreamRequestTest, BodyHoldsOnlyWhatWasAskedFor) {
  UpstreamOptions options = Options("https://x.example/v1");
  EXPECT_EQ(Body(options), nlohmann::json::parse(R"({"model":"m","stream":true,"stream_options":{"include_usage":true},
                                                     "messages":[{"role":"user","content":"hi"}]})"));
  options.max_tokens = 700;
  options.temperature = 0.5;
  options.extra_body = R"({"stream_options":null,"top_p":0.9})";
  const auto body = Body(options);
  EXPECT_EQ(body["max_tokens"], 700);
  EXPECT_EQ(body["temperature"], 0.5);
  EXPECT_EQ(body["top_p"], 0.9);
  EXPECT_FALSE(body.contains("stream_options"));
}

TEST(UpstreamRequestTest, SwitchesThinkingOffInTheProvidersWords) {
  struct Case {
    const char* base_url;
    const char* model;
    const char* pointer;
    nlohmann::json want;
  };
  const std::vector<Case> cases = {
      {"https://api.deepseek.com", "deepseek-v4", "/thinking/type", "disabled"},
      {"https://open.bigmodel.cn/api/paas/v4", "glm", "/thinking/type", "disabled"},
      {"https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen", "/enable_thinking", false},
      {"https://api.siliconflow.cn/v1", "qwen", "/enable_thinking", false},
      {"https://openrouter.ai/api/v1", "x", "/reasoning/enabled", false},
      {"http://gpu:11434/v1", "qwen3", "/reasoning_effort", "none"},
      {"http://10.0.0.5:8000/v1", "qwen3", "/chat_template_kwargs/enable_thinking", false},
      {"https://api.openai.com/v1", "gpt-5-mini", "/reasoning_effort", "minimal"},
      {"https://api.openai.com/v1", "gpt-5.1", "/reasoning_effort", "none"},
      {"https://api.openai.com/v1", "o3", "/reasoning_effort", "low"},
  };
  for (const Case& c : cases) {
    UpstreamOptions options = Options(c.base_url, c.model);
    const nlohmann::json::json_pointer pointer(c.pointer);
    ASSERT_TRUE(Body(options).contains(pointer)) << c.base_url;
    EXPECT_EQ(Body(options)[pointer], c.want) << c.base_url;
    options.thinking_off = false;
    EXPECT_FALSE(Body(options).contains(pointer)) << c.base_url;
  }
  EXPECT_EQ(Body(Options("https://api.openai.com/v1", "gpt-4o")).size(), 4U);
}

TEST(UpstreamRequestTest, DialectIsByAddressAndOverridable) {
  const std::pair<const char*, Dialect> cases[] = {
      {"https://api.openai.com/v1", Dialect::kOpenAi},
      {"https://r.openai.azure.com/openai/v1/", Dialect::kAzure},
      {"https://api.deepseek.com", Dialect::kDeepSeek},
      {"https://dashscope.aliyuncs.com/compatible-mode/v1", Dialect::kQwen},
      {"https://api.moonshot.cn/v1", Dialect::kMoonshot},
      {"https://open.bigmodel.cn/api/paas/v4", Dialect::kZhipu},
      {"https://ark.cn-beijing.volces.com/api/v3", Dialect::kArk},
      {"https://api.siliconflow.cn/v1", Dialect::kSiliconFlow},
      {"https://openrouter.ai/api/v1", Dialect::kOpenRouter},
      {"http://gpu:11434", Dialect::kOllama},
      {"http://192.168.1.9:8000/v1", Dialect::kLocal},
      {"http://172.17.0.1:8000/v1", Dialect::kLocal},
      {"http://host.docker.internal:8000/v1", Dialect::kLocal},
      {"http://172.32.0.1:8000/v1", Dialect::kPlain},
      {"https://10.example.com/v1", Dialect::kPlain},
      {"https://API.DeepSeek.com", Dialect::kDeepSeek},
      {"https://llm.example.com/v1", Dialect::kPlain},
      {"https://notdeepseek.com/v1", Dialect::kPlain},
      {"https://api.deepseek.com.evil.example", Dialect::kPlain},
  };
  for (const auto& [url, want] : cases) EXPECT_STREQ(ToString(DetectDialect(url)), ToString(want)) << url;
  UpstreamOptions options = Options("https://llm.example.com/v1", "qwen3");
  options.dialect = Dialect::kQwen;
  EXPECT_EQ(Body(options)["enable_thinking"], false);
  for (const Dialect dialect : AllDialects()) EXPECT_STRNE(ToString(dialect), "");
}

TEST(UpstreamRequestTest, ModelsAreListedBesideTheCompletions) {
  EXPECT_EQ(ModelsUrl("https://api.deepseek.com/"), "https://api.deepseek.com/models");
  EXPECT_EQ(ModelsUrl("https://x.example/v1/chat/completions"), "https://x.example/v1/models");
  EXPECT_EQ(ModelsUrl("http://127.0.0.1:8000"), "http://127.0.0.1:8000/v1/models");
}

TEST(UpstreamRequestTest, WhatWasRefusedIsLeftOutOrSaidOtherwise) {
  UpstreamOptions options = Options("https://api.deepseek.com", "deepseek-chat");
  options.max_tokens = 9;
  options.temperature = 1;
  const auto body = [&](const RequestChanges& changes) {
    return nlohmann::json::parse(MakeUpstreamRequest(options, {{"user", "hi"}}, changes).body);
  };
  RequestChanges changes;
  EXPECT_FALSE(changes.Learn("", options));
  EXPECT_TRUE(changes.Learn("temperature", options));
  EXPECT_FALSE(changes.Learn("temperature", options));
  EXPECT_FALSE(body(changes).contains("temperature"));
  EXPECT_TRUE(changes.Learn("thinking", options));
  EXPECT_FALSE(body(changes).contains("thinking"));
  EXPECT_TRUE(changes.Learn("max_tokens", options));
  EXPECT_EQ(body(changes)["max_completion_tokens"], 9);
  EXPECT_TRUE(changes.Learn("stream_options", options));
  EXPECT_EQ(body(changes).size(), 4U) << "model, messages, stream, max_completion_tokens";
}

TEST(UpstreamRequestTest, NothingIsLearntAboutWhatWasNotSent) {
  RequestChanges changes;
  const UpstreamOptions plain = Options("https://llm.example.com/v1");
  for (const char* member : {"temperature", "thinking", "reasoning_effort", "max_tokens", "max_completion_tokens"}) {
    EXPECT_FALSE(changes.Learn(member, plain)) << member;
  }
  UpstreamOptions thinker = Options("https://api.openai.com/v1", "gpt-5");
  thinker.max_tokens = 9;
  EXPECT_FALSE(changes.Learn("max_tokens", thinker)) << "it was sent as max_completion_tokens";
  EXPECT_TRUE(changes.Learn("max_completion_tokens", thinker));
  EXPECT_EQ(CompletionsUrl("https://API.DeepSeek.com"), "https://API.DeepSeek.com/chat/completions");
}

TEST(UpstreamRequestTest, OpenAiThinkersGetTheirOwnNameForTheTokenLimit) {
  UpstreamOptions options = Options("https://api.openai.com/v1", "o3");
  options.max_tokens = 9;
  options.temperature = 1;
  EXPECT_EQ(Body(options)["max_completion_tokens"], 9);
  EXPECT_FALSE(Body(options).contains("max_tokens"));
  EXPECT_FALSE(Body(options).contains("temperature"));
}

TEST(UpstreamRequestTest, SendsTheKeyTheWayTheProviderWantsIt) {
  UpstreamOptions options = Options("https://x.example/v1");
  EXPECT_EQ(Header(options, "Authorization"), "");
  options.api_key = "k";
  EXPECT_EQ(Header(options, "Authorization"), "Bearer k");
  options.base_url = "https://r.openai.azure.com/openai/v1";
  EXPECT_EQ(Header(options, "Authorization"), "");
  EXPECT_EQ(Header(options, "api-key"), "k");
  options.extra_headers = {{"X-Title", "t"}};
  EXPECT_EQ(Header(options, "X-Title"), "t");
}

TEST(UpstreamRequestTest, PicturesAreImagePartsForModelsThatTakeThem) {
  const std::vector<ChatMessage> messages = {
      {"system", "s"}, {"user", "看图", {"data:image/png;base64,AA==", "https://x.example/b.jpg"}}, {"user", "hi"}};
  UpstreamOptions options = Options("https://x.example/v1");
  const auto sent = [&] { return nlohmann::json::parse(MakeUpstreamRequest(options, messages).body)["messages"]; };
  EXPECT_EQ(sent(), nlohmann::json::parse(R"([{"role":"system","content":"s"},{"role":"user","content":"看图"},
                                              {"role":"user","content":"hi"}])"));
  options.takes_pictures = true;
  EXPECT_EQ(sent(), nlohmann::json::parse(R"([{"role":"system","content":"s"},
      {"role":"user","content":[{"type":"text","text":"看图"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
        {"type":"image_url","image_url":{"url":"https://x.example/b.jpg"}}]},
      {"role":"user","content":"hi"}])"));
}

/// As MakeUpstreamRequest, but with the messages put in by the JSON library.
std::string BodyByTheLibrary(const UpstreamOptions& options, const std::vector<ChatMessage>& messages,
                             const RequestChanges& changes) {
  nlohmann::json body = nlohmann::json::parse(MakeUpstreamRequest(options, {}, changes).body);
  const bool own_messages = nlohmann::json::parse(options.extra_body).contains("messages");
  EXPECT_TRUE(own_messages || body.at("messages") == nlohmann::json::array());
  for (const ChatMessage& message : own_messages ? std::vector<ChatMessage>() : messages) {
    nlohmann::json content = message.content;
    if (options.takes_pictures && !message.pictures.empty()) {
      content = nlohmann::json::array({{{"type", "text"}, {"text", message.content}}});
      for (const std::string& url : message.pictures) {
        content.push_back({{"type", "image_url"}, {"image_url", {{"url", url}}}});
      }
    }
    body["messages"].push_back({{"role", message.role}, {"content", content}});
  }
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

TEST(UpstreamRequestTest, TheBodysBytesAreThoseThatTheJsonLibraryWrites) {
  const std::string texts[] = {
      "", "hi", "\xe4\xbd\xa0\xe5\xa5\xbd", "\"q\"\\\n\t\x01", "\xff\xe4\xbd", "\"messages\":["};
  const std::string pictures[] = {"data:image/png;base64,AA==", "https://x.example/b.jpg?a=\"", "data:\\\"",
                                  "picture-0."};
  const std::string extra_bodies[] = {"{}",
                                      R"({"top_p":0.9,"a":[]})",
                                      R"({"metadata":{"messages":[]},"zz":"\"messages\":["})",
                                      R"({"model":null,"max_tokens":null,"chat_template_kwargs":null})",
                                      R"({"stream":null,"stream_options":null})",
                                      R"({"messages":[{"role":"user","content":"mine"}]})",
                                      R"({"messages":null})",
                                      R"({"messages":{"a":1,"b":null}})",
                                      R"({"messagesx":1,"message":2,"model":null,"stream":null})"};
  std::mt19937 random(3);
  const auto any = [&](const auto& list) { return list[random() % std::size(list)]; };
  for (const std::string& extra_body : extra_bodies) {
    UpstreamOptions options = Options("http://127.0.0.1:8000", "m\"\xe4\xbd\xa0");
    options.extra_body = extra_body;
    options.max_tokens = 7;
    options.temperature = 0.1;
    for (int round = 0; round < 200; ++round) {
      options.takes_pictures = random() % 2 == 0;
      const RequestChanges changes = {random() % 2 == 0, random() % 2 == 0, random() % 2 == 0, random() % 2 == 0};
      std::vector<ChatMessage> messages(random() % 4);
      for (ChatMessage& message : messages) {
        message = {any(texts), any(texts), std::vector<std::string>(random() % 3)};
        for (std::string& picture : message.pictures) picture = any(pictures);
      }
      EXPECT_EQ(MakeUpstreamRequest(options, messages, changes).body, BodyByTheLibrary(options, messages, changes));
    }
  }
}

TEST(UpstreamRequestTest, OneMakerSaysEachQuestionAsIfItWereTheFirst) {
  UpstreamOptions options = Options("https://api.deepseek.com", "deepseek-chat");
  options.api_key = "k";
  options.max_tokens = 9;
  options.temperature = 1;
  UpstreamRequestMaker maker(options);
  RequestChanges no_temperature;
  no_temperature.no_temperature = true;
  RequestChanges other_name;
  other_name.other_max_tokens = true;
  int question = 0;
  for (const RequestChanges& changes :
       {RequestChanges(), no_temperature, no_temperature, other_name, RequestChanges()}) {
    const std::vector<ChatMessage> messages = {{"system", "s"}, {"user", std::to_string(++question)}};
    const net::HttpClientRequest got = maker.Make(messages, changes);
    const net::HttpClientRequest want = MakeUpstreamRequest(options, messages, changes);
    EXPECT_EQ(got.body, want.body);
    EXPECT_EQ(got.url, want.url);
    EXPECT_EQ(got.method, "POST");
    EXPECT_EQ(got.headers, want.headers);
    EXPECT_TRUE(got.at_most_once);
  }
}

TEST(UpstreamRequestTest, InvalidUtf8DoesNotThrow) {
  const auto request = MakeUpstreamRequest(Options("https://x.example/v1"), {{"user",
                                                                              "\xff"
                                                                              "a"}});
  EXPECT_NE(request.body.find("\xEF\xBF\xBD"
                              "a"),
            request.body.npos);
}

TEST(UpstreamRequestTest, CheckSaysWhatIsWrong) {
  const UpstreamOptions good = Options("https://x.example/v1");
  EXPECT_TRUE(CheckUpstream(good));
  const auto wrong = [&](auto change) {
    UpstreamOptions options = good;
    change(options);
    const auto result = CheckUpstream(options);
    EXPECT_FALSE(result.has_value());
    return result ? "" : result.error().message;
  };
  EXPECT_NE(wrong([](auto& o) { o.base_url = "api.deepseek.com"; }).find("base_url"), std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.model = ""; }).find("model"), std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.extra_body = "[1]"; }).find("extra_body"), std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.extra_body = "{"; }).find("extra_body"), std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.api_key = "secret\n"; }).find("api_key"), std::string::npos);
  EXPECT_EQ(wrong([](auto& o) { o.api_key = "secret\n"; }).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace yingda::model
