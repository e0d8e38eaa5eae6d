# Against a raw-socket server, so that the bytes on the wire are the test's own.
yingda_test(curl_http_client_test LABEL unit SOURCES curl_http_client_test.cc host_resolver_test.cc http_target_test.cc
            DEPS net test_support OpenSSL::SSL)
