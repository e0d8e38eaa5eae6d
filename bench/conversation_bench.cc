// SPDX-License-Identifier: MIT
// What a conversation costs the event loop with each further question, as it grows: fitting it into the budget, and
// letting what has passed the words of now through, next to searching all of it anew. Interleaved; medians of CPU time.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "bot/answer_filter.h"
#include "model/conversation.h"

namespace {

using namespace yingda;

constexpr int kRounds = 51;
constexpr int kCallsPerRound = 10;
constexpr size_t kAnswerBytes = 800;

double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

std::vector<model::ChatMessage> Conversation(int answers) {
  std::string answer;
  while (answer.size() < kAnswerBytes)
    answer += "**退货**很简单，请按下面的步骤来：\n\n- 打开`我的订单`，点“申请退货”\n";
  std::vector<model::ChatMessage> turns;
  for (int i = 0; i < answers; ++i) {
    turns.push_back({"user", "上次买的东西坏了，怎么退货？订单 " + std::to_string(i)});
    turns.push_back({"assistant", answer + std::to_string(i)});
  }
  return turns;
}

void SetWords(bot::Account& account) {
  bot::AccountFiles files;
  files.words = filter::WordFilter::FromLists(
      {filter::ParseWordList("网络博彩平台\n私家侦探|mask\n代开发票\n", "deny/words.txt", false)});
  account.files.Set(std::make_shared<const bot::AccountFiles>(std::move(files)));
}

struct Measured {
  std::function<bool()> run;
  std::vector<double> microseconds{};

  double Median() {
    std::nth_element(microseconds.begin(), microseconds.begin() + kRounds / 2, microseconds.end());
    return microseconds[kRounds / 2];
  }
};

/// False when a question did not pass.
bool Measure(int answers) {
  bot::Account account;
  SetWords(account);
  const std::vector<model::ChatMessage> turns = Conversation(answers);
  model::ConversationBudget budget;
  budget.prompt_tokens = 1'000'000;  // all of it, so that the lines below can be compared
  std::vector<model::ChatMessage> messages = model::FitHistory("回答要简短。", turns, "还有别的办法吗？", budget);
  bot::PassedTexts nothing(0);
  bot::PassedTexts passed(65'536);
  Measured anew{[&] { return FilterForModel(account, nothing, messages); }};
  Measured known{[&] { return FilterForModel(account, passed, messages); }};
  Measured fit{[&] { return model::FitHistory("回答要简短。", turns, "还有别的办法吗？", budget).size() > 1; }};
  bool good = true;
  for (int round = 0; round < kRounds; ++round) {
    for (Measured* const each : {&anew, &known, &fit}) {
      const double start = CpuMicroseconds();
      for (int i = 0; i < kCallsPerRound; ++i) good = each->run() && good;
      each->microseconds.push_back((CpuMicroseconds() - start) / kCallsPerRound);
    }
  }
  size_t bytes = 0;
  for (const model::ChatMessage& message : messages) bytes += message.content.size();
  std::printf(
      "  %3d answers, %6zu bytes: searched anew %7.1f us, what passed is known %6.1f us = %.3f x; fitting %6.1f us\n",
      answers, bytes, anew.Median(), known.Median(), known.Median() / anew.Median(), fit.Median());
  return good;
}

}  // namespace

int main() {
  std::printf("a further question in a conversation, CPU time\n");
  bool good = true;
  for (const int answers : {0, 1, 5, 10, 20}) good = Measure(answers) && good;
  return good ? 0 : 1;
}
