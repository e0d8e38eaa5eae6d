// SPDX-License-Identifier: MIT
// The answer pages alone on a free port, with the real store, loop and HTTP server, for the browser tests. What the
// answer desk would do to them is done by POST /control/<what>/<id>. Serves until its input ends.
#include <iostream>
#include <map>
#include <string>

#include "base/log.h"
#include "server/answer_page_handler.h"
#include "store/sqlite_store.h"
#include "support/gate.h"

namespace yingda {
namespace {

class PageDesk {
 public:
  PageDesk(bot::AnswerPages& pages, store::Store& store, net::EventLoop& loop, base::Clock& clock)
      : pages_(pages), store_(store), loop_(loop), clock_(clock) {}

  void Serve(net::HttpServer& server) {
    server.Handle("POST", "/control/", [this](const net::HttpRequest& request, net::Responder responder) {
      const std::string path(request.Path());
      const size_t slash = path.rfind('/');
      const std::string what = path.substr(9, slash - 9);
      std::string answer;
      testing::RunOn(loop_,
                     [&, body = std::string(request.Body())] { answer = Do(what, path.substr(slash + 1), body); });
      responder.Send({200, "text/plain; charset=utf-8", answer, {}});
    });
    server.Handle("GET", "/control/", [this](const net::HttpRequest&, net::Responder responder) {
      auto waiting = std::make_shared<net::Responder>(std::move(responder));
      store_.ListUnread("main", "o1", 0, 100, [waiting](const base::Result<std::vector<store::InboxItem>>& unread) {
        std::string ids;
        for (const auto& item : unread.value()) ids += item.page_id + "\n";
        waiting->Send({200, "text/plain; charset=utf-8", ids, {}});
      });
    });
  }

 private:
  std::string Do(const std::string& what, const std::string& id, const std::string& body) {
    if (what == "begin") {
      Page(id, body);
      pages_.Begin(asked_[id], [this, id] { return written_[id]; });
    } else if (what == "orphan") {  // begun by a process that is no more
      Page(id, "问题");
      asked_[id].markdown = body;
      store_.SavePage(asked_[id], {});
    } else if (what == "write") {
      written_[id] = body;
      pages_.Changed(id);
    } else if (what == "finish") {
      asked_[id].markdown = body;
      store::InboxItem rest;
      rest.account = "main";
      rest.open_id = "o1";
      rest.text = "还没看的部分";
      rest.page_id = id;
      rest.expires_ms = asked_[id].expires_ms;
      store_.AddInboxItem(rest, {});
      pages_.Finish(asked_[id]);
    } else if (what == "expire") {
      asked_[id].finished = true;
      asked_[id].expires_ms = 1;
      store_.SavePage(asked_[id], {});
    } else if (what == "abandon") {
      store_.ForgetFollower("main", "o1", {});
      pages_.Abandon(id);
    }
    return "done\n";
  }
  void Page(const std::string& id, const std::string& question) {
    store::AnswerPage& page = asked_[id];
    page.id = id;
    page.account = "main";
    page.open_id = "o1";
    page.question = question;
    page.asked_ms = base::UnixMilliseconds(clock_.WallNow());
    page.expires_ms = page.asked_ms + 3'600'000;
  }

  bot::AnswerPages& pages_;
  store::Store& store_;
  net::EventLoop& loop_;
  base::Clock& clock_;
  // On the loop.
  std::map<std::string, store::AnswerPage> asked_;
  std::map<std::string, std::string> written_;
};

int Main() {
  base::SystemClock clock;
  base::Metrics metrics;
  const auto logger = base::MakeNullLogger();
  net::EventLoop loop(clock);
  store::SqliteStore::Options store_options;
  store_options.path = ":memory:";
  auto store = store::SqliteStore::Open(
      store_options, [&loop](std::function<void()> done) { loop.Post(std::move(done)); }, *logger, metrics);
  if (!store) {
    std::cerr << store.error().message << "\n";
    return 1;
  }
  bot::AnswerPages::Options options;
  options.public_url = "http://127.0.0.1";
  options.max_readers_per_page = 2;
  bot::AnswerPages pages(options, loop, **store, metrics);
  server::AnswerPageHandler handler(server::AnswerPageHandler::Options(), pages, loop, metrics);
  PageDesk desk(pages, **store, loop, clock);
  net::HttpServer server(net::HttpServer::Options(), clock, *logger, metrics);
  handler.Serve(server);
  desk.Serve(server);
  if (const auto started = server.Start(); !started) {
    std::cerr << started.error().message << "\n";
    return 1;
  }
  std::cout << server.Port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  handler.Stop();
  server.StopAccepting();
  const bool whole = server.Stop(std::chrono::seconds(10));
  store->reset();
  loop.Stop();
  return whole ? 0 : 2;
}

}  // namespace
}  // namespace yingda

int main() { return yingda::Main(); }
