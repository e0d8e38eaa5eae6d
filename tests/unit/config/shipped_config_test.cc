// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "config/reload_section.h"
#include "describe.h"

namespace yingda::config {
namespace {

const std::string kShipped = YINGDA_SOURCE_DIR "/config.yml";

std::string ShippedText() {
  std::ifstream in(kShipped, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The text with every "# key: value" line taken out of its comment.
std::string Uncommented(const std::string& text, size_t& count) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line); out += line + '\n') {
    const size_t mark = line.find_first_not_of(' ');
    if (mark == 0 || mark == std::string::npos || line.compare(mark, 2, "# ") != 0) continue;
    const size_t key = line.find_first_not_of(' ', mark + 1);
    const size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", key);
    if (end == key || end == std::string::npos || line[end] != ':') continue;
    line.erase(mark, 2);
    ++count;
  }
  return out;
}

TEST(ShippedConfigTest, LoadsWithAnEmptyEnvironmentAndWithoutAWarning) {
  const auto config = Load(kShipped, {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->warnings, ::testing::IsEmpty());
  EXPECT_EQ(config->accounts.size(), 1U);
  EXPECT_EQ(config->accounts[0].upstreams, (std::vector<UpstreamChoice>{UpstreamChoice{"main", 0}}));
}

TEST(ShippedConfigTest, TakesTheVariablesItNames) {
  const auto config = Load(kShipped, {{"YINGDA_TOKEN", "aToken"},
                                      {"YINGDA_APP_ID", "wx7"},
                                      {"YINGDA_APP_SECRET", "aSecret"},
                                      {"YINGDA_AES_KEY", std::string(43, 'k')},
                                      {"MODEL_BASE_URL", "http://llm"},
                                      {"MODEL_API_KEY", "sk-1"},
                                      {"MODEL_NAME", "a-model"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->accounts[0].callback.token, "aToken");
  EXPECT_EQ(config->accounts[0].callback.app_id, "wx7");
  EXPECT_EQ(config->accounts[0].app_secret, "aSecret");
  EXPECT_EQ(config->accounts[0].callback.encoding_aes_key, std::string(43, 'k'));
  EXPECT_EQ(config->upstreams[0].base_url, "http://llm");
  EXPECT_EQ(config->upstreams[0].api_key, "sk-1");
  EXPECT_EQ(config->upstreams[0].model, "a-model");
}

TEST(ShippedConfigTest, ValuesInCommentsAreTheDefaults) {
  size_t uncommented = 0;
  const std::string text = Uncommented(ShippedText(), uncommented);
  EXPECT_GE(uncommented, 40U);
  Config config = Good(text);
  ASSERT_EQ(config.upstreams.size(), 1U);
  EXPECT_TRUE(config.upstreams[0].temperature) << "the one whose default is not to send it";
  config.upstreams[0].temperature.reset();
  EXPECT_EQ(Describe(config), Describe(Good(ShippedText())));
}

TEST(ShippedConfigTest, WhatItSaysTakesEffectWithoutARestartIsWhatDoes) {
  const std::string shipped = ShippedText();
  const std::string before = "本文件里账号的 ";
  const std::string after = " 和 log 的 level；";
  const size_t begin = shipped.find(before) + before.size();
  const size_t end = shipped.find(after);
  ASSERT_LT(begin, end);
  std::set<std::string> said = {"log.level"};
  std::string key;
  for (const char c : shipped.substr(begin, end - begin) + ",") {
    if ((c >= 'a' && c <= 'z') || c == '_') {
      key += c;
    } else if (!key.empty()) {
      said.insert("accounts.main." + std::exchange(key, {}));
    }
  }
  size_t uncommented = 0;
  const Config started = Good(Uncommented(shipped, uncommented));
  std::set<std::string> true_of;
  for (const auto& [place, hash] : started.written) {
    Config now = started;
    ++now.written[place];
    if (!NeedsRestart(started, now).empty()) continue;
    const bool of_account = place.starts_with("accounts.main.");
    true_of.insert(of_account ? place.substr(0, place.find('.', sizeof "accounts.main.")) : place);
  }
  EXPECT_EQ(said, true_of);
}

TEST(ShippedConfigTest, EveryTextThatFollowersReadStandsInIt) {
  size_t uncommented = 0;
  std::istringstream in(Uncommented(ShippedText(), uncommented));
  std::string text;
  bool within = false;
  for (std::string line; std::getline(in, line); text += line + '\n') {
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    if (indent <= 4) within = line.starts_with("    texts:");
    if (indent > 4 && within) line.replace(line.find(':') + 1, std::string::npos, " changed");
  }
  std::istringstream described(Describe(Good(text)));
  size_t texts = 0;
  for (std::string line; std::getline(described, line);) {
    if (!line.starts_with("text = ")) continue;
    ++texts;
    EXPECT_EQ(line, "text = changed");
  }
  EXPECT_GT(texts, 0U);
}

TEST(ShippedConfigTest, ExampleOfAClientWorksOnceItIsNoComment) {
  const std::string text = ShippedText();
  const size_t example = text.find("\n# clients:");
  ASSERT_NE(example, std::string::npos);
  std::istringstream in(text.substr(example + 1));
  std::string clients;
  for (std::string line; std::getline(in, line); clients += line.substr(2) + '\n') ASSERT_TRUE(line.starts_with("# "));
  const Config config = Good(text.substr(0, example + 1) + clients,
                             {{"CRM_KEY", "crm-key-0123456789"}, {"YINGDA_APP_SECRET", "aSecret"}});
  EXPECT_THAT(config.warnings, ::testing::IsEmpty());
  ASSERT_EQ(config.clients.size(), 1U);
  EXPECT_EQ(config.clients[0].key, "crm-key-0123456789");
  EXPECT_EQ(config.clients[0].accounts, std::vector<std::string>{"main"});
  EXPECT_TRUE(config.clients[0].token);
  EXPECT_EQ(config.clients[0].per_minute, server::ApiClient().per_minute);
}

TEST(ShippedConfigTest, ValuesOfTheFirstSectionsAreTheDefaults) {
  Config shipped = Good(ShippedText());
  Config least = Good("accounts: [{name: main, token: abcdef}]");
  for (Config* config : {&shipped, &least}) {
    config->accounts.clear();
    config->upstreams.clear();
    config->max_model_calls = 0;
  }
  EXPECT_EQ(Describe(shipped), Describe(least));
}

}  // namespace
}  // namespace yingda::config
