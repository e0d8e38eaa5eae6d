// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <limits>
#include <string>

#include "support/raw_http_server.h"

namespace yingda::net {

/// Answers HTTPS requests with the same bytes, under a certificate of its own making for 127.0.0.1.
class TlsServer {
 public:
  /// After so many answers it ends the connection at the next request, and says nothing at all on later ones.
  explicit TlsServer(std::string answer, int answers = std::numeric_limits<int>::max())
      : answer_(std::move(answer)),
        answers_left_(answers),
        server_([this](testing::RawConnection& connection) { Serve(connection); }) {}

  int port() const { return server_.port(); }
  int connections() const { return server_.connections(); }
  const std::string& certificate() const { return context_.pem; }

 private:
  struct Context {
    Context() : ssl(SSL_CTX_new(TLS_server_method())) {
      EVP_PKEY* key = EVP_EC_gen("P-256");
      X509* certificate = X509_new();
      X509_set_version(certificate, 2);
      ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
      X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
      X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
      X509_set_pubkey(certificate, key);
      X509_NAME* name = X509_get_subject_name(certificate);
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
      X509_set_issuer_name(certificate, name);
      X509_EXTENSION* host = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
      X509_add_ext(certificate, host, -1);
      X509_EXTENSION_free(host);
      X509_sign(certificate, key, EVP_sha256());
      SSL_CTX_use_certificate(ssl, certificate);
      SSL_CTX_use_PrivateKey(ssl, key);
      BIO* memory = BIO_new(BIO_s_mem());
      PEM_write_bio_X509(memory, certificate);
      char* data = nullptr;
      const long size = BIO_get_mem_data(memory, &data);
      pem.assign(data, static_cast<size_t>(size));
      BIO_free(memory);
      X509_free(certificate);
      EVP_PKEY_free(key);
    }
    ~Context() { SSL_CTX_free(ssl); }
    SSL_CTX* ssl;
    std::string pem;
  };

  void Serve(testing::RawConnection& connection) {
    if (answers_left_ == 0) return connection.WaitForClose();
    SSL* ssl = SSL_new(context_.ssl);
    SSL_set_fd(ssl, connection.fd());
    char request[4096];
    if (SSL_accept(ssl) == 1) {
      while (SSL_read(ssl, request, sizeof request) > 0 && answers_left_ > 0) {
        --answers_left_;
        if (SSL_write(ssl, answer_.data(), static_cast<int>(answer_.size())) <= 0) break;
      }
    }
    SSL_free(ssl);
  }

  const std::string answer_;
  std::atomic<int> answers_left_;
  Context context_;
  testing::RawHttpServer server_;
};

}  // namespace yingda::net
