yingda_bench(decoder_bench SOURCES decoder_bench.cc DEPS model)
