// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace yingda::bot {

/// Every sentence that a follower (粉丝) may read and that is not an answer. All can be replaced in the configuration.
/// An empty text for a message type means: accept it silently.
struct Texts {
  std::string thinking = "这个问题我还在想，请稍等片刻。";
  std::string continue_hint =
      "<a href=\"weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=1\">点这里继续</a>，或回复“继续”。";
  std::string unfinished = "（未完）";
  std::string nothing_more = "没有更多内容了，有问题直接问我就好。";
  std::string resend_label = "再发一次上一条回答：";
  std::string nothing_to_resend = "最近没有可以重发的回答，有问题直接问我就好。";
  std::string continue_again = "刚才没有取到后面的内容，请再回复一次“继续”。";
  std::string late_answer_label = "关于“{question}”：";
  std::string late_rest_label = "关于“{question}”（接上文）：";
  std::string inbox_separator = "————";
  std::string more_unread = "还有没看完的内容，";
  std::string page_mark = "({page}/{pages})";
  std::string page_link = "<a href=\"{url}\">在网页上看完整回答</a>";
  std::string ai_label = "";  // below what the model wrote, e.g. （内容由AI生成）
  std::string cleared = "好的，之前的对话我已经忘记了，我们重新开始。";
  std::string help =
      "直接发文字提问就可以。\n回复“继续”查看没有看完的回答，回复“重发”再看一次上一条回答，回复“清空”让我忘记之前的对话"
      "。";

  std::string blocked_question = "抱歉，这个话题我不方便讨论，换个问题试试吧。";
  std::string blocked_answer = "抱歉，这个问题的回答不方便显示，换个问法试试吧。";
  std::string blocked_rest = "抱歉，这个回答后面的内容不方便显示，换个问法试试吧。";  // behind what was shown
  std::string busy = "现在提问的人有点多，请过一会儿再试。";
  std::string queue_full = "您前面的几个问题我还在回答，请稍等再提新的问题。";
  std::string quota_minute = "您问得有点快，请过一分钟再问我。";
  std::string quota_day = "您今天的提问次数已经用完了，明天再来问我吧。";
  std::string quota_account = "今天的提问名额已经用完了，明天再来问我吧。";
  std::string model_unavailable = "抱歉，我暂时回答不了问题，请过一会儿再试。";
  std::string model_timeout = "抱歉，这个问题想得太久了，请再问一次，或者换个简单些的问法。";
  std::string model_empty = "抱歉，这个问题我没有想出答案，换个问法试试吧。";
  std::string cut_off = "（回答到这里中断了，可以再问我一次。）";
  std::string question_too_long = "这条消息太长了，请分成几条短一些的再发给我。";

  std::string picture_failed = "这张图片我没能打开，请再发一次，或者用文字告诉我。";

  std::string empty_text = "我没有收到文字内容，请再发一次。";
  std::string unsupported = "这种消息我还看不懂，请用文字告诉我。";
  std::string image = "我还看不懂图片，请用文字告诉我。";
  std::string voice = "我还听不懂语音，请用文字告诉我。";
  std::string video = "我还看不懂视频，请用文字告诉我。";
  std::string location = "我收到了您的位置，想问什么请用文字告诉我。";
  std::string link = "我还打不开链接，请用文字告诉我您想问什么。";
};

}  // namespace yingda::bot
