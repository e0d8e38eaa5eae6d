// SPDX-License-Identifier: MIT
#include "app/reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/status_report.h"
#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string ConfigText(const std::string& more = "", const std::string& watch = "poll") {
  return "reload: {watch: " + watch + "}\naccounts:\n  - name: a\n    token: abcdef\n    rules: ra\n    filters: fa\n" +
         more + "  - {name: b, token: abcdef, rules: rb, filters: fb}\n";
}

/// Two accounts' files and a reloader that looks when it is told to; it polls, so that no event comes by itself.
class ReloaderTest : public ::testing::Test {
 protected:
  explicit ReloaderTest(const std::string& watch = "poll") {
    for (const std::string account : {"a", "b"}) {
      Write("r" + account + "/1.yml", Rules("旧"));
      Write("f" + account + "/deny/1.txt", "旧的敏感词\n");
      Write("f" + account + "/allow/1.txt", "# 没有\n");
    }
    Write("config.yml", ConfigText("", watch));
    accounts_[0].name = "a";
    accounts_[1].name = "b";
    Begin([] {});
  }
  /// `meanwhile`: what happens after the configuration was read.
  void Begin(const std::function<void()>& meanwhile) {
    auto config = config::Load(folder_.File("config.yml"), {});
    EXPECT_TRUE(config) << config.error().message;
    meanwhile();
    // What was written in the last moments cannot be told from what will be written in this one.
    EXPECT_TRUE(testing::WaitFor([&] { return !Fresh(); }));
    reloader_.emplace(*config, loop_, *logger_, metrics_);
    EXPECT_TRUE(reloader_->LoadFirst({&accounts_[0], &accounts_[1]}));
    testing::RunOn(loop_, [&] { reloader_->Start(); });
    Quiet();
    Pass(300ms);
  }
  /// Time, for what is due in it to be done.
  void Pass(base::Duration time) {
    testing::RunOn(loop_, [] {});  // a round through epoll, which reads what the kernel has told
    testing::RunOn(loop_, [] {});
    clock_.Advance(time);
    Quiet();
  }
  ~ReloaderTest() override {
    if (reloader_) reloader_->Stop();
    loop_.Stop();
  }

  bool Fresh() {
    std::vector<std::string> places = {folder_.File("config.yml")};
    for (const std::string folder : {"ra", "rb", "fa/deny", "fa/allow", "fb/deny", "fb/allow"}) {
      places.push_back(folder_.File(folder));
    }
    return StampsOf(places).fresh;
  }
  static std::string Rules(const std::string& reply) { return "- keywords: [几点]\n  reply: " + reply + "\n"; }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.File(name), std::ios::binary) << text;
  }
  void Quiet() {
    ASSERT_TRUE(testing::WaitFor([&] { return loop_.Idle() && !reloader_->Busy(); }));
  }
  /// Time enough for what differs to be seen, to be seen unchanged, and to be loaded.
  void Look() {
    ASSERT_TRUE(testing::WaitFor([&] { return !Fresh(); }));
    for (const base::Duration step : {base::Duration(2s), base::Duration(300ms)}) Pass(step);
  }
  void LookAtAll() {
    testing::RunOn(loop_, [&] { reloader_->LoadAll(); });
    Quiet();
  }
  ReloadStatus Status() {
    ReloadStatus status;
    testing::RunOn(loop_, [&] { status = reloader_->status(); });
    return status;
  }
  std::string Reply(int account) {
    rules::RuleInput input;
    input.text = "几点";
    rules::RuleSet::Scratch scratch;
    const auto match = accounts_[account].files.Get()->rules->Match(input, scratch);
    return match ? std::get<wechat::TextReply>(match->reply).content : "";
  }

  testing::TempDir folder_;
  testing::ManualClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  net::EventLoop loop_{clock_};
  std::array<bot::Account, 2> accounts_;
  std::optional<Reloader> reloader_;
};

TEST_F(ReloaderTest, WhatIsAsItWasIsNotLoadedAgain) {
  Look();
  Look();
  EXPECT_EQ(Status().accounts[0].generation, 1U);
  EXPECT_EQ(Status().accounts[0].rules, 1U);
  EXPECT_EQ(Status().accounts[0].words, 1U);
  EXPECT_EQ(Status().watch, "poll");
}

TEST_F(ReloaderTest, EditTakesEffectForItsAccountOnly) {
  Write("ra/1.yml", Rules("新"));
  Look();
  EXPECT_EQ(Reply(0), "新");
  EXPECT_EQ(Reply(1), "旧");
  const ReloadStatus status = Status();
  EXPECT_EQ(status.accounts[0].generation, 2U);
  EXPECT_EQ(status.accounts[1].generation, 1U);
  EXPECT_FALSE(status.Failed());
}

TEST_F(ReloaderTest, EditOfRulesAndWordsIsTakenAsAWhole) {
  const auto before = accounts_[0].files.Get();
  Write("ra/1.yml", Rules("新"));
  Write("fa/deny/1.txt", "|没有词|block\n|还是没有|block\n|没有|block\n|没有|block\n");
  Look();
  EXPECT_EQ(accounts_[0].files.Get(), before) << "the words are broken, so the rules wait with them";
  EXPECT_THAT(Status().accounts[0].failed->errors.front(), HasSubstr("1.txt"));
  Write("fa/deny/1.txt", "新的敏感词\n");
  Look();
  EXPECT_EQ(Reply(0), "新");
  EXPECT_FALSE(Status().Failed());
}

TEST_F(ReloaderTest, EditOfRulesReadsNoWordsAndEditOfWordsNoRules) {
  const auto first = accounts_[0].files.Get();
  Write("ra/1.yml", Rules("新"));
  Look();
  const auto second = accounts_[0].files.Get();
  EXPECT_EQ(Reply(0), "新");
  EXPECT_EQ(second->words, first->words);
  Write("fa/allow/1.txt", "允许的词\n");
  Look();
  const auto third = accounts_[0].files.Get();
  EXPECT_EQ(third->rules, second->rules);
  EXPECT_NE(third->words, second->words);
  EXPECT_EQ(Status().accounts[0].rules, 1U);
  EXPECT_EQ(Status().accounts[0].words, 2U);
  LookAtAll();
  EXPECT_NE(accounts_[0].files.Get()->rules, third->rules) << "an operator's word reads everything";
}

TEST_F(ReloaderTest, EditReadsTheRulesThatItChangedAndAnOperatorsWordAllOfThem) {
  const std::string expression = "- keywords: [\"订单(\\\\d+)\"]\n  match: regex\n  reply: x\n";
  const auto regex = [this](size_t rule) {
    return accounts_[0].files.Get()->rules->rules().at(rule).keywords[0].regex;
  };
  Write("ra/1.yml", expression + Rules("旧"));
  Look();
  const auto before = regex(0);
  ASSERT_NE(before, nullptr);
  Write("ra/1.yml", Rules("新") + expression + Rules("旧"));
  Look();
  EXPECT_EQ(Reply(0), "新");
  EXPECT_EQ(regex(1), before) << "an expression that is read again is another object";
  EXPECT_EQ(accounts_[0].files.Get()->rules->rules()[1].line, 3);
  LookAtAll();
  EXPECT_NE(regex(1), before);
}

TEST_F(ReloaderTest, WordsThatCameWithABrokenRuleAreReadWhenTheRuleIsMended) {
  const auto before = accounts_[0].files.Get();
  Write("fa/deny/1.txt", "新的敏感词\n另一个敏感词\n");
  Write("ra/1.yml", "- keywords: [好]\n  match: regexx\n  reply: x\n");
  Look();
  EXPECT_EQ(accounts_[0].files.Get(), before);
  Write("ra/1.yml", Rules("旧"));
  Look();
  EXPECT_EQ(Status().accounts[0].words, 2U);
  EXPECT_NE(accounts_[0].files.Get()->words, before->words);
}

TEST_F(ReloaderTest, OptionsOfWordsTakeEffectHoweverLateTheirAccountLoads) {
  ASSERT_TRUE(accounts_[0].Finds("旧的敏感词"));
  Write("ra/1.yml", "- keywords: [好]\n  match: regexx\n  reply: x\n");
  Write("config.yml", ConfigText("    word_filter: {outbound: {enabled: false}}\n"));
  Look();
  ASSERT_TRUE(Status().accounts[0].failed);
  Write("ra/1.yml", Rules("新"));
  Look();
  EXPECT_EQ(Reply(0), "新");
  EXPECT_FALSE(accounts_[0].Finds("旧的敏感词"));
}

TEST_F(ReloaderTest, OperatorsWordThatFailedReadsEverythingWhenTheMistakeIsMended) {
  const auto before = accounts_[0].files.Get();
  Write("ra/1.yml", "- keywords: [好]\n  match: regexx\n  reply: x\n");
  LookAtAll();
  ASSERT_TRUE(Status().accounts[0].failed);
  Write("ra/1.yml", Rules("新"));
  Look();
  EXPECT_EQ(Reply(0), "新");
  EXPECT_NE(accounts_[0].files.Get()->words, before->words);
}

TEST_F(ReloaderTest, BrokenFileChangesNothingAndIsToldOnce) {
  Write("ra/2.yml", "- keywords: [好]\n  match: regexx\n  reply: x\n");
  Look();
  EXPECT_EQ(Reply(0), "旧");
  const ReloadStatus failed = Status();
  ASSERT_TRUE(failed.accounts[0].failed);
  EXPECT_THAT(failed.accounts[0].failed->errors, ElementsAre(HasSubstr("2.yml:2:10: ")));
  EXPECT_EQ(failed.accounts[0].generation, 1U);
  EXPECT_FALSE(failed.accounts[1].failed);
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr("yingda_reload_total{account=\"a\",result=\"failed\","),
                                     HasSubstr("yingda_rules{account=\"a\"} 1\n")));
  const base::WallTime at = failed.accounts[0].failed->at;
  Look();
  EXPECT_EQ(Status().accounts[0].failed->at, at) << "the same mistake is not loaded again and again";
  std::filesystem::remove(folder_.File("ra/2.yml"));
  Look();
  EXPECT_FALSE(Status().Failed()) << "an edit that is taken back is good again";
}

TEST_F(ReloaderTest, ErrorsAreBounded) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "- keywords: [k" + std::to_string(i) + "]\n  match: no\n  reply: x\n";
  Write("ra/2.yml", text);
  Look();
  EXPECT_THAT(Status().accounts[0].failed->errors, SizeIs(Reloader::kMaxErrors));
  EXPECT_EQ(Status().accounts[0].failed->more, 20U);
}

TEST_F(ReloaderTest, FolderThatBecomesEmptyOrVanishesIsRefusedUntilAnOperatorSaysSo) {
  std::filesystem::remove(folder_.File("fa/deny/1.txt"));
  Look();
  EXPECT_THAT(Status().accounts[0].failed->errors.front(), AllOf(HasSubstr("fa"), HasSubstr("kill -HUP")));
  EXPECT_NE(accounts_[0].files.Get()->words->WordCount(), 0U);
  LookAtAll();
  EXPECT_FALSE(Status().Failed());
  EXPECT_EQ(accounts_[0].files.Get()->words->WordCount(), 0U);
  std::filesystem::remove_all(folder_.File("rb"));
  Look();
  EXPECT_TRUE(Status().accounts[1].failed);
  EXPECT_EQ(Reply(1), "旧");
  LookAtAll();
  EXPECT_TRUE(Status().accounts[1].failed) << "a folder that is not there is no wish";
  EXPECT_EQ(Reply(1), "旧");
}

TEST_F(ReloaderTest, ChangeThatGoesOnIsWaitedForButNotForEver) {
  for (int i = 0; i < Reloader::kPatience / 10s; ++i) {
    Write("ra/1.yml", Rules("第" + std::to_string(i)));
    Pass(10s);
    EXPECT_EQ(Reply(0), "旧") << i;
  }
  Write("ra/1.yml", Rules("最后"));
  Pass(10s);
  EXPECT_EQ(Reply(0), "最后");
}

TEST_F(ReloaderTest, LookThatComesRightAfterAnotherDoesNotMakeAFileWhole) {
  Write("ra/1.yml", Rules("一半"));
  ASSERT_TRUE(testing::WaitFor([&] { return !Fresh(); }));
  Pass(2s);
  for (int i = 0; i < 3; ++i) Pass(50ms);
  EXPECT_EQ(Reply(0), "旧");
  Pass(150ms);
  EXPECT_EQ(Reply(0), "一半");
}

TEST_F(ReloaderTest, SweepOfOldSetsLoadsNothing) {
  Write("ra/1.yml", Rules("新"));
  const auto reader = accounts_[0].files.Get();
  Look();
  EXPECT_EQ(Reply(0), "新");
  Write("ra/1.yml", Rules("一半"));
  ASSERT_TRUE(testing::WaitFor([&] { return !Fresh(); }));
  Pass(1s);
  EXPECT_EQ(Reply(0), "新") << "nobody has said that the file is whole";
  EXPECT_EQ(Status().accounts[0].generation, 2U);
}

TEST_F(ReloaderTest, ConfigurationThatWasWrittenAfterItWasReadIsNoticed) {
  reloader_->Stop();
  reloader_.reset();
  Begin([&] { Write("config.yml", "server: {drain: 7s}\n" + ConfigText("    texts: {busy: 新忙}\n")); });
  Look();
  EXPECT_EQ(accounts_[0].settings.Get()->texts.busy, "新忙");
  EXPECT_THAT(Status().needs_restart, ElementsAre("server"));
}

TEST_F(ReloaderTest, ConfigurationThatSaysWhatItSaidLoadsNothingButMendsAMistake) {
  Write("config.yml", ConfigText() + "# 一句话\n");
  Look();
  EXPECT_EQ(Status().accounts[0].generation, 1U);
  Write("config.yml", "server: [\n");
  Look();
  EXPECT_TRUE(Status().config_failed);
  Write("config.yml", ConfigText());
  Look();
  EXPECT_FALSE(Status().config_failed);
  EXPECT_EQ(Status().accounts[0].generation, 1U);
}

TEST_F(ReloaderTest, NoThreadIsNeededToLoad) {
  pthread_attr_t before{};
  ::pthread_getattr_default_np(&before);
  pthread_attr_t huge = before;
  ASSERT_EQ(::pthread_attr_setstacksize(&huge, size_t{1} << 46), 0);  // for which there is no room
  ASSERT_EQ(::pthread_setattr_default_np(&huge), 0);
  Write("ra/1.yml", Rules("新"));
  Look();
  ::pthread_setattr_default_np(&before);
  EXPECT_EQ(Reply(0), "新");
}

TEST_F(ReloaderTest, PipeAmongTheFilesIsAMistakeAndNoWait) {
  ASSERT_EQ(::mkfifo(folder_.File("ra/2.yml").c_str(), 0600), 0);
  Look();
  EXPECT_THAT(Status().accounts[0].failed->errors, ElementsAre(HasSubstr("2.yml:1:1: 这不是普通文件")));
  std::filesystem::remove(folder_.File("ra/2.yml"));
  ASSERT_EQ(::mkfifo(folder_.File("fa/deny/2.txt").c_str(), 0600), 0);
  Look();
  EXPECT_THAT(Status().accounts[0].failed->errors, ElementsAre(HasSubstr("2.txt: 这不是普通文件")));
  EXPECT_EQ(Reply(0), "旧");
}

TEST_F(ReloaderTest, LoadThatHangsKeepsNeitherTheLoopNorTheEndWaiting) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
  };
  const auto with_worker = threads();
  const std::string pipe = folder_.File("secret");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Write("config.yml", ConfigText("    app_id: wx0123456789abcdef\n    app_secret_file: secret\n"));
  ASSERT_TRUE(testing::WaitFor([&] { return !Fresh(); }));
  const auto hangs = [&] { return !testing::WaitFor([&] { return !reloader_->Busy(); }, 300ms); };
  for (int i = 0; !hangs(); ++i) {
    ASSERT_LT(i, 100);
    clock_.Advance(300ms);
    testing::RunOn(loop_, [] {});
  }
  EXPECT_EQ(Reply(0), "旧");
  reloader_->Stop();
  EXPECT_FALSE(reloader_->Join(1ms));
  reloader_.reset();
  // Whoever was left behind ends when its disk comes back, and touches nothing of ours.
  ASSERT_TRUE(testing::WaitFor([&] {
    const int writer = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (writer >= 0) ::close(writer);
    return threads() < with_worker;
  }));
}

TEST_F(ReloaderTest, SettingsAreReplacedAndWhatNeedsARestartIsNamed) {
  const auto before = accounts_[0].settings.Get();
  Write("config.yml",
        "server: {drain: 7s}\n" + ConfigText("    texts: {busy: 新忙}\n    quotas: {follower_per_day: 3}\n"));
  Look();
  EXPECT_EQ(accounts_[0].settings.Get()->texts.busy, "新忙");
  EXPECT_EQ(accounts_[0].settings.Get()->quotas.follower_per_day, 3);
  EXPECT_NE(before->texts.busy, "新忙") << "whoever holds the settings keeps them as they were";
  EXPECT_THAT(Status().needs_restart, ElementsAre("server"));
  Write("config.yml", "server: [\n");
  Look();
  EXPECT_EQ(accounts_[0].settings.Get()->texts.busy, "新忙");
  EXPECT_THAT(Status().config_failed->errors.front(), HasSubstr("config.yml:1:"));
  EXPECT_FALSE(Status().accounts[0].failed);
  Write("config.yml", ConfigText());
  Look();
  EXPECT_EQ(accounts_[0].settings.Get()->texts.busy, bot::Texts().busy);
  EXPECT_THAT(Status().needs_restart, IsEmpty());
  EXPECT_FALSE(Status().Failed());
}

TEST_F(ReloaderTest, WhateverIsSaidToNeedNoRestartTakesEffect) {
  EXPECT_TRUE(accounts_[0].Finds("旧的敏感词"));
  EXPECT_FALSE(logger_->Enabled(base::LogLevel::kDebug));
  Write("config.yml", "log: {level: debug}\n" + ConfigText("    texts: {help: 新}\n"
                                                           "    system_prompt: 新的\n"
                                                           "    quotas: {messages_per_day: 7}\n"
                                                           "    model_sees: [link]\n"
                                                           "    max_question_bytes: 777\n"
                                                           "    word_filter: {outbound: {enabled: false}}\n"));
  Look();
  const auto settings = accounts_[0].settings.Get();
  EXPECT_EQ(settings->texts.help, "新");
  EXPECT_EQ(settings->system_prompt, "新的");
  EXPECT_EQ(settings->quotas.messages_per_day, 7);
  EXPECT_FALSE(settings->sees.location);
  EXPECT_EQ(settings->max_question_bytes, 777U);
  EXPECT_FALSE(accounts_[0].Finds("旧的敏感词"));
  EXPECT_TRUE(logger_->Enabled(base::LogLevel::kDebug));
  EXPECT_THAT(Status().needs_restart, IsEmpty());
}

TEST_F(ReloaderTest, OldSetIsFreedWhenNobodyReadsInIt) {
  std::weak_ptr<const rules::RuleSet> old = accounts_[0].files.Get()->rules;
  auto reader = old.lock();
  Write("ra/1.yml", Rules("新"));
  Look();
  EXPECT_EQ(Reply(0), "新");
  clock_.Advance(10s);
  Quiet();
  EXPECT_EQ(old.use_count(), 2) << "the reader's, and the one that waits for the reader";
  reader.reset();
  clock_.Advance(60s);
  Quiet();
  EXPECT_TRUE(old.expired());
}

TEST_F(ReloaderTest, OldSetsAreLeftToTheLoadingThreadHoweverManyThereAre) {
  std::vector<std::shared_ptr<const bot::AccountFiles>> readers;
  for (int i = 0; i < 12; ++i) {
    readers.push_back(accounts_[0].files.Get());
    Write("ra/1.yml", Rules(std::to_string(i)));
    LookAtAll();
    ASSERT_EQ(Reply(0), std::to_string(i));
  }
  for (const auto& reader : readers) EXPECT_EQ(reader->rules.use_count(), 2);
}

/// The same, but the kernel tells.
class WatchingReloaderTest : public ReloaderTest {
 protected:
  WatchingReloaderTest() : ReloaderTest("inotify") {}
};

TEST_F(WatchingReloaderTest, SavedFileIsInForceAtOnceAndALongUploadOnlyWhenItIsWhole) {
  EXPECT_EQ(Status().watch, "inotify");
  Write("ra/1.yml", Rules("新"));
  Pass(300ms);
  EXPECT_EQ(Reply(0), "新");
  std::ofstream upload(folder_.File("ra/1.yml"), std::ios::binary);
  for (int i = 0; i < 10; ++i) {
    upload << "- keywords: [第" << i << "]\n  reply: x\n" << std::flush;  // without the rest, it is whole, too
    for (const base::Duration pause : {300ms, 300ms, 2000ms, 300ms}) Pass(pause);
    ASSERT_EQ(Reply(0), "新") << i;
  }
  upload << Rules("更新");
  upload.close();
  Write("rb/1.yml", Rules("乙新"));
  Pass(300ms);
  EXPECT_EQ(Reply(0), "更新");
  EXPECT_EQ(Reply(1), "乙新");
  EXPECT_EQ(Status().accounts[0].generation, 3U);
}

TEST_F(WatchingReloaderTest, SaveOfOneAccountDoesNotWaitForAnUploadToAnother) {
  std::ofstream upload(folder_.File("ra/1.yml"), std::ios::binary);
  upload << "- keywords: [第一]\n  reply: x\n" << std::flush;
  Write("rb/1.yml", Rules("乙新"));
  ASSERT_TRUE(testing::WaitFor([&] { return !Fresh(); }));
  for (int i = 0; i < 3; ++i) Pass(300ms);
  EXPECT_EQ(Reply(1), "乙新");
  EXPECT_EQ(Reply(0), "旧");
}

TEST_F(WatchingReloaderTest, FolderThatTookAnothersPlaceIsLoadedWhenItIsWhole) {
  std::filesystem::rename(folder_.File("ra"), folder_.File("old"));
  Write("ra/1.yml", "- keywords: [第一]\n  reply: x\n");  // half of it, from before it could be watched
  Pass(300ms);
  EXPECT_EQ(Reply(0), "旧");
  std::ofstream(folder_.File("ra/1.yml"), std::ios::app) << Rules("新");
  Pass(300ms);
  EXPECT_EQ(Reply(0), "新");
}

TEST_F(WatchingReloaderTest, WordOfAnOperatorHoldsUntilTheFilesAreWhole) {
  std::ofstream upload(folder_.File("fa/deny/1.txt"), std::ios::binary);
  upload << "# 一个词也没有\n" << std::flush;
  Pass(10ms);
  LookAtAll();
  EXPECT_NE(accounts_[0].files.Get()->words->WordCount(), 0U) << "it is still being written";
  upload.close();
  Pass(300ms);
  EXPECT_EQ(accounts_[0].files.Get()->words->WordCount(), 0U);
  EXPECT_FALSE(Status().Failed());
}

/// However it is noticed.
class SwitchedLinkTest : public ReloaderTest, public ::testing::WithParamInterface<const char*> {
 protected:
  SwitchedLinkTest() : ReloaderTest(GetParam()) {}
  /// As Kubernetes mounts a ConfigMap: files are links through ..data, which is switched in one step.
  void Switch(const std::string& folder, const std::string& version, const std::string& file, const std::string& text) {
    Write(folder + "/.." + version + "/" + file, text);
    std::filesystem::create_symlink(".." + version, folder_.path() / folder / "..data_tmp");
    std::filesystem::rename(folder_.path() / folder / "..data_tmp", folder_.path() / folder / "..data");
    std::filesystem::remove(folder_.path() / folder / file);
    std::filesystem::create_symlink("..data/" + file, folder_.path() / folder / file);
  }
};

TEST_P(SwitchedLinkTest, TakesEffect) {
  for (const std::string version : {"1", "2", "3"}) {
    Switch("ra", version, "1.yml", Rules("第" + version));
    Switch(".", version, "config.yml", ConfigText("    texts: {busy: 忙" + version + "}\n", GetParam()));
    Look();
    Look();
    EXPECT_EQ(Reply(0), "第" + version);
    EXPECT_EQ(accounts_[0].settings.Get()->texts.busy, "忙" + version);
  }
  Switch("ra", "4", "2.yml", Rules("第四"));
  std::filesystem::remove(folder_.File("ra/1.yml"));
  Look();
  Look();
  EXPECT_EQ(Reply(0), "第四");
}

INSTANTIATE_TEST_SUITE_P(Ways, SwitchedLinkTest, ::testing::Values("inotify", "poll"));

TEST_F(ReloaderTest, StatusReadsTheSameForAPerson) {
  Write("ra/2.yml", "- keywords: [好]\n  match: regexx\n  reply: x\n");
  Write("config.yml", "server: {drain: 7s}\n" + ConfigText());
  Look();
  ServerStatus status;
  status.now = status.started + 5min;
  status.ready = true;
  status.jobs = 7;
  status.upstreams = {{"main", model::UpstreamHealth::State::kParked}};
  status.reload = Status();
  const StatusPage page = ReadStatus(StatusJson(status));
  EXPECT_TRUE(page.failed);
  EXPECT_THAT(page.text, AllOf(StartsWith("正在服务"), HasSubstr("5 分钟"), HasSubstr("进行中的消息 7 条"),
                               HasSubstr("账号 a：规则 1 条，敏感词 1 个；第 1 版"), HasSubstr("2.yml:2:10: "),
                               HasSubstr("需要重启才生效：server\n"), HasSubstr("模型 main：停用")));
  status.reload.accounts[0].failed.reset();
  EXPECT_FALSE(ReadStatus(StatusJson(status)).failed);
  EXPECT_EQ(ReadStatus("<html>").text, "");
  EXPECT_EQ(ReadStatus("[]").text, "");
}

}  // namespace
}  // namespace yingda::app
