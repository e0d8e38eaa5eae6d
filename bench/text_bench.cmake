yingda_bench(text_bench SOURCES text_bench.cc DEPS text)
target_link_libraries(text_bench PRIVATE PkgConfig::MD4C)
