yingda_bench(filter_bench SOURCES filter_bench.cc engines.cc search_references.cc DEPS filter PkgConfig::RE2)
yingda_search_references(filter_bench)
