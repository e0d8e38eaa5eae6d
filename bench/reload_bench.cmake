yingda_bench(reload_bench SOURCES arrival_stamps.cc reload_bench.cc reload_bench_pushers.cc serve_bench_load.cc serve_bench_pipeline.cc
                                  serve_bench_subjects.cc
             DEPS app net PkgConfig::HTTPLIB)
