// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

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
  EXPECT_EQ(config->accounts[0].upstreams, std::vector<std::string>{"main"});
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
  EXPECT_GE(uncommented, 12U);
  Config config = Good(text);
  ASSERT_EQ(config.upstreams.size(), 1U);
  EXPECT_TRUE(config.upstreams[0].temperature) << "the one whose default is not to send it";
  config.upstreams[0].temperature.reset();
  EXPECT_EQ(Describe(config), Describe(Good(ShippedText())));
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
