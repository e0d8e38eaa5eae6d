yingda_bench(conversation_bench SOURCES conversation_bench.cc DEPS bot)
