// SPDX-License-Identifier: MIT
#include "app/file_watch.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/whole_file.h"
#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Watch = config::ReloadOptions::Watch;

void Write(const std::string& path, const std::string& text = "x\n") { std::ofstream(path, std::ios::binary) << text; }

/// A folder and a file below a folder of its own, watched by a loop whose time stands still until it is moved.
class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    fs::create_directories(folder_.File("etc/rules"));
    Write(folder_.File("etc/rules/a.yml"));
    Write(folder_.File("etc/config.yml"));
  }
  ~FileWatchTest() override {
    testing::RunOn(loop_, [&] { watch_.reset(); });
    loop_.Stop();
  }

  void Begin(Watch way, const std::string& rules = "etc/rules") {
    config::ReloadOptions options;
    options.watch = way;
    testing::RunOn(loop_, [&] {
      watch_.emplace(options,
                     std::vector<WatchedPlace>{{folder_.File(rules), true}, {folder_.File("etc/config.yml"), false}},
                     loop_, *logger_, [this](FileWatch::Hint hint) {
                       hints_.push_back(hint);
                       watch_->Take(AskKernel(watch_->Request()));
                     });
      watch_->Start();
      watch_->Take(AskKernel(watch_->Request()));
    });
  }
  void Shell(const std::string& command) {
    ASSERT_EQ(std::system(("cd '" + folder_.File("etc") + "' && " + command).c_str()), 0) << command;
  }
  /// What came until the loop has read all events, and then another `by` of time has passed.
  std::vector<FileWatch::Hint> After(base::Duration by) {
    testing::RunOn(loop_, [] {});  // a round through epoll, which reads what the kernel has told
    testing::RunOn(loop_, [] {});
    clock_.Advance(by);
    EXPECT_TRUE(testing::WaitFor([&] { return loop_.Idle(); }));
    std::vector<FileWatch::Hint> hints;
    testing::RunOn(loop_, [&] { hints.swap(hints_); });
    return hints;
  }
  std::set<size_t> BeingWritten() {
    std::set<size_t> places;
    testing::RunOn(loop_, [&] { places = watch_->BeingWritten(); });
    return places;
  }
  bool Told(base::Duration by = 300ms) { return After(by) == std::vector{FileWatch::Hint::kChanged}; }
  bool Silent(base::Duration by = 3s) { return After(by).empty(); }

  testing::TempDir folder_;
  testing::ManualClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  net::EventLoop loop_{clock_};
  std::vector<FileWatch::Hint> hints_;
  std::optional<FileWatch> watch_;
};

TEST_F(FileWatchTest, EveryWayThatEditorsSaveIsOneHint) {
  Begin(Watch::kInotify);
  const char* const saves[] = {
      "echo 1 > rules/a.yml",  // nano: in place
      "touch rules/4913 && rm rules/4913 && mv rules/a.yml rules/a.yml~ && echo 2 > rules/a.yml && rm "
      "rules/a.yml~",  // vim
      "ln -s u@h.1 rules/.#a.yml && mv rules/a.yml rules/a.yml~ && echo 3 > rules/a.yml && rm "
      "rules/.#a.yml",  // emacs
      "sed -i s/3/4/ rules/a.yml",
      "echo 5 > new && mv new rules/a.yml",
      "cp rules/a.yml rules/b.yml",
      "rm rules/b.yml",
      "ln rules/a.yml rules/.c && mv rules/.c rules/c.yml",
      "echo 6 > new && mv new config.yml",
      "sed -i s/6/7/ config.yml",
      "rm config.yml",
      "echo 8 > config.yml",
  };
  for (const char* const save : saves) {
    Shell(save);
    EXPECT_TRUE(Told()) << save;
    EXPECT_TRUE(Silent()) << save;
  }
}

TEST_F(FileWatchTest, WhatEditorsLeaveAndWhatStandsBesideIsNoHint) {
  Begin(Watch::kInotify);
  for (const char* const other : {"echo 1 > rules/.a.yml.swp", "echo 1 > rules/a.yml~", "echo 1 > yingda.log",
                                  "mkdir data && echo 1 > data/yingda.db", "cat rules/a.yml > /dev/null"}) {
    Shell(other);
    EXPECT_TRUE(Silent()) << other;
  }
}

TEST_F(FileWatchTest, ChangesThatFollowEachOtherAreOneHintAfterQuietButNotForEver) {
  Begin(Watch::kInotify);
  for (int i = 0; i < 7; ++i) {
    Write(folder_.File("etc/rules/a.yml"), std::to_string(i));
    Write(folder_.File("etc/rules/b.yml"), std::to_string(i));
    EXPECT_TRUE(Silent(280ms)) << i;
  }
  Write(folder_.File("etc/rules/a.yml"), "at the end of two seconds");
  EXPECT_EQ(After(40ms), std::vector{FileWatch::Hint::kLookOnce}) << "whoever never stops may not be done";
}

TEST_F(FileWatchTest, FileThatIsWrittenAndNotClosedIsNotDoneHoweverLongItPauses) {
  Begin(Watch::kInotify);
  for (const char* const name : {"etc/rules/a.yml", "etc/rules/new.yml", "etc/config.yml"}) {
    const std::set<size_t> place = {std::string(name) == "etc/config.yml" ? size_t{1} : size_t{0}};
    std::ofstream upload(folder_.File(name), std::ios::binary);
    upload << "half" << std::flush;
    EXPECT_EQ(After(300ms), std::vector{FileWatch::Hint::kLookOnce}) << name;
    EXPECT_EQ(BeingWritten(), place);
    upload << " of it" << std::flush;
    EXPECT_EQ(After(9s), std::vector{FileWatch::Hint::kLookOnce}) << name;
    EXPECT_EQ(BeingWritten(), place);
    upload << " and all" << std::flush;
    upload.close();
    EXPECT_TRUE(Told()) << name;
    EXPECT_TRUE(BeingWritten().empty()) << name;
  }
  std::ofstream forgotten(folder_.File("etc/rules/a.yml"), std::ios::binary);
  forgotten << "x" << std::flush;
  EXPECT_EQ(After(300ms), std::vector{FileWatch::Hint::kLookOnce});
  EXPECT_TRUE(Silent(FileWatch::kStalled));
  EXPECT_TRUE(BeingWritten().empty()) << "somebody who never closes it does not keep it from being read";
  Shell("ln rules/a.yml rules/c.yml");
  EXPECT_EQ(After(300ms), std::vector{FileWatch::Hint::kLookOnce}) << "what was made may be about to be written";
  EXPECT_TRUE(BeingWritten().empty());
}

TEST_F(FileWatchTest, FileBehindALinkIsAHintWhereverItIsChangedOrSwitched) {
  Shell("mkdir shared && mv rules/a.yml config.yml shared && ln -s ../shared/a.yml rules && ln -s shared/config.yml");
  Shell("mkdir rules/..1 rules/..2 && echo 1 | tee rules/..1/m.yml > rules/..2/m.yml");
  Shell("ln -s ..1 rules/..data && ln -s ..data/m.yml rules/m.yml");
  Begin(Watch::kInotify);
  for (const char* const change : {
           "echo 1 > shared/a.yml",
           "echo 2 > new && mv new shared/a.yml",
           "echo 3 > shared/a.yml",
           "echo 4 > shared/config.yml",
           "echo 5 > new && mv new shared/config.yml",
           "ln -s ..2 rules/..data_tmp && mv -T rules/..data_tmp rules/..data && rm -r rules/..1",
           "echo 6 > rules/..2/m.yml",
           "mkdir rules/..3 && echo 7 > rules/..3/m.yml && ln -s ..3 rules/..data_tmp && mv -T rules/..data_tmp "
           "rules/..data && rm -r rules/..2",
       }) {
    Shell(change);
    EXPECT_TRUE(Told()) << change;
    EXPECT_TRUE(Silent()) << change;
  }
  Shell("echo 1 > shared/other.yml");
  EXPECT_TRUE(Silent()) << "nothing leads there";
}

TEST_F(FileWatchTest, WhereTheKernelRefusesItIsLookedRegularlyWhateverTheConfigurationAsksFor) {
  struct rlimit limit {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  struct rlimit none = limit;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);  // no more descriptors
  Begin(Watch::kInotify);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_STREQ(watch_->Way(), "poll");
  Shell("echo 1 > rules/a.yml");
  EXPECT_EQ(After(2s), std::vector{FileWatch::Hint::kLookOnce});
  testing::RunOn(loop_, [&] { watch_.reset(); });

  Begin(Watch::kInotify);
  EXPECT_STREQ(watch_->Way(), "inotify");
  EXPECT_TRUE(Silent(1h));
  WatchAnswer refused;
  refused.refused = "inotify: too many watches";
  testing::RunOn(loop_, [&] { watch_->Take(std::move(refused)); });
  EXPECT_STREQ(watch_->Way(), "poll");
  EXPECT_EQ(After(2s), std::vector{FileWatch::Hint::kLookOnce});
  EXPECT_STREQ(watch_->Way(), "inotify") << "it is asked again each time";
}

TEST_F(FileWatchTest, FolderThatVanishesAndComesBackIsWatchedAgain) {
  Begin(Watch::kInotify);
  for (const char* const away : {"rm -r rules", "mv rules old"}) {
    Shell(away);
    EXPECT_TRUE(Told()) << away;
    Shell("mkdir rules");
    EXPECT_TRUE(Told()) << away;
    Shell("echo 1 > rules/a.yml");
    EXPECT_TRUE(Told()) << away;
  }
  Shell("echo 1 >> old/a.yml");
  EXPECT_TRUE(Silent()) << "it is another folder now";
  Shell("rm -r ../etc");
  EXPECT_TRUE(Told());
  fs::create_directories(folder_.File("etc"));
  EXPECT_TRUE(Told());
  Shell("mkdir rules");
  EXPECT_TRUE(Told());
  Shell("echo 1 > rules/z.yml");
  EXPECT_TRUE(Told());
}

TEST_F(FileWatchTest, SwitchedLinkIsAHint) {
  Shell("rm -r rules && mkdir one two && ln -s one rules");
  Begin(Watch::kInotify);
  Shell("echo 1 > one/a.yml");
  EXPECT_TRUE(Told());
  Shell("ln -s two next && mv -T next rules");
  EXPECT_TRUE(Told());
  Shell("echo 1 > two/a.yml");
  EXPECT_TRUE(Told());
  Shell("rm rules && mv two/ .. && mkdir one/rules && mv one ../v1 && cp -r ../v1 ../v2 && ln -s ../v1 ../live");
  testing::RunOn(loop_, [&] { watch_.reset(); });
  testing::RunOn(loop_, [&] { hints_.clear(); });
  fs::remove(folder_.File("live"));
  fs::create_directory_symlink("v1", folder_.File("live"));
  Begin(Watch::kInotify, "live/rules");
  Shell("ln -s v2 ../next && mv -T ../next ../live");
  EXPECT_TRUE(Told()) << "a link on the way to the folder";
  Shell("echo 1 > ../v2/rules/a.yml");
  EXPECT_TRUE(Told());
  Shell("echo 1 > ../v2/rules/..data_tmp && mv ../v2/rules/..data_tmp ../v2/rules/..data");
  EXPECT_TRUE(Told()) << "a mounted ConfigMap is switched by such a name";
}

TEST_F(FileWatchTest, PollingLooksEveryTwoSecondsAndWithTheKernelsHelpEveryThirty) {
  Begin(Watch::kPoll);
  EXPECT_STREQ(watch_->Way(), "poll");
  Shell("echo 1 > rules/a.yml");
  EXPECT_TRUE(Silent(1900ms));
  EXPECT_EQ(After(100ms), std::vector{FileWatch::Hint::kLookOnce});
  EXPECT_EQ(After(2s), std::vector{FileWatch::Hint::kLookOnce});
  testing::RunOn(loop_, [&] { watch_.reset(); });
  Begin(Watch::kOff);
  EXPECT_STREQ(watch_->Way(), "off");
  Shell("echo 1 > rules/a.yml");
  EXPECT_TRUE(Silent(1h));
}

TEST(WholeFileTest, AFileIsReplacedInOneStepAndNeverWrittenInPlace) {
  testing::TempDir folder;
  const std::string path = folder.File("words.txt");
  Write(path, "old");
  std::ifstream reader(path);  // as a server that is just reading it
  EXPECT_EQ(WriteWholeFile(path, "new", false).error().code, base::ErrorCode::kInvalidArgument);
  ASSERT_TRUE(WriteWholeFile(path, "new", true));
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old") << "not half of it";
  std::ifstream(path) >> seen;
  EXPECT_EQ(seen, "new");
  ASSERT_TRUE(WriteWholeFile(folder.File("other.txt"), "x", false));
  EXPECT_FALSE(WriteWholeFile(folder.File("nowhere/a.txt"), "x", true));
  EXPECT_EQ(std::distance(fs::directory_iterator(fs::path(path).parent_path()), fs::directory_iterator()), 2);
}

TEST(WholeFileTest, ALinkIsFollowedAndAPipeWrittenInto) {
  testing::TempDir folder;
  Write(folder.File("shared.txt"), "old");
  fs::permissions(folder.File("shared.txt"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink(folder.File("shared.txt"), folder.File("list.txt"));
  ASSERT_TRUE(WriteWholeFile(folder.File("list.txt"), "new", true));
  std::string seen;
  std::ifstream(folder.File("shared.txt")) >> seen;
  EXPECT_EQ(seen, "new");
  EXPECT_TRUE(fs::is_symlink(folder.File("list.txt")));
  EXPECT_EQ(fs::status(folder.File("shared.txt")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(WriteWholeFile("/dev/null", "nothing", true));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace yingda::app
