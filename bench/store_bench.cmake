yingda_bench(store_bench SOURCES store_bench.cc DEPS store test_support SQLite::SQLite3)
